/** A lake in a directory of its own that whole `nightly` runs fill, in this process, from drops that a test puts. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type RunSummary, runLocally } from '../../engine/local-executor.ts';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { nightly } from '../../pipelines/nightly.ts';
import { TABLES } from '../../tasks/tables.ts';
import type { Row } from './compute-days.ts';
import type { RawRow } from './stage-events.ts';

export interface NightlyLake {
  readonly dir: string;
  readonly lake: ObjectStore;
  /** Puts a drop, or replaces it: in the format and compression that its name ends in (csv, ndjson, json; gz). */
  drop(name: string, rows: readonly RawRow[]): void;
  /** Throws when the run fails. */
  run(day: string, params?: Readonly<Record<string, unknown>>): Promise<RunSummary>;
  /** Path of what readers of `current/` see. */
  current(table: string, day: string, format: 'parquet' | 'csv'): string;
  /** The same as rows, in the order of the key; a date as text. */
  rows(table: string, day: string): Promise<Row[]>;
  close(): Promise<void>;
}

export interface NightlyLakeOptions {
  /** @default 1 */
  readonly threads?: number;
  /** @default 512 MiB */
  readonly memoryLimitBytes?: number;
}

export async function openNightlyLake(
  root: string,
  { threads = 1, memoryLimitBytes = 512 << 20 }: NightlyLakeOptions = {},
): Promise<NightlyLake> {
  const dir = mkdtempSync(join(root, 'nightly-'));
  const [lakeDir, dropsDir, scratchDir] = ['lake', 'drops', 'scratch'].map((name) => join(dir, name));
  mkdirSync(dropsDir!);
  const lake = await openStore(lakeDir!);
  const drops = await openStore(dropsDir!, { readOnly: true });
  const services = { lake, drops, scratchDir: scratchDir!, memoryLimitBytes, threads };
  const current = (table: string, day: string, format: 'parquet' | 'csv') =>
    join(lakeDir!, `current/${format}/${table}/dt=${day}/${table}.${format}`);
  return {
    dir,
    lake,
    current,
    drop(name, rows) {
      mkdirSync(dirname(join(dropsDir!, name)), { recursive: true });
      writeFileSync(join(dropsDir!, name), bodyOf(name, rows));
    },
    async run(day, params = {}) {
      const summary = await runLocally(nightly, {
        day,
        params,
        services,
        scratchDir: join(scratchDir!, day),
      });
      if (summary.state === 'success') return summary;
      throw new Error(`nightly of ${day} ended as ${summary.state}`, {
        cause: summary.tasks.find(({ state }) => state === 'failed')?.error,
      });
    },
    async rows(table, day) {
      const duck = await openDuck({ memoryLimitBytes: 256 << 20, threads: 1, tempDir: dir });
      try {
        const { key, columns } = TABLES[table]!;
        const long = columns
          .filter(({ type }) => type === 'long')
          .map(({ name }) => `${name}::DOUBLE AS ${name}`);
        return await duck.rows<Row>(
          `SELECT * REPLACE (${['day::VARCHAR AS day', ...long].join(', ')})
           FROM read_parquet(${sqlPaths([current(table, day, 'parquet')])}, hive_partitioning = false) AS t ORDER BY ${key.map((name) => `t.${name}`).join(', ')}`,
        );
      } finally {
        await duck.close();
      }
    },
    async close() {
      await lake.close();
      await drops.close();
    },
  };
}

function bodyOf(name: string, rows: readonly RawRow[]): string | Buffer {
  if (name.endsWith('.gz')) return gzipSync(bodyOf(name.slice(0, -3), rows));
  const objects = rows.map(({ timestamp, user, event, flyer = '', merchant = '', eventId, seq }) => ({
    ...{ timestamp, user_id: user, event, flyer_id: flyer, merchant_id: merchant },
    ...{ event_id: eventId ?? '', seq: seq ?? '' },
  }));
  if (name.endsWith('.json')) return JSON.stringify(objects);
  if (name.endsWith('.ndjson')) return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  // Texts of tests have no commas and no quotes.
  const lines = objects.map((object) => Object.values(object).join(','));
  return `${['timestamp,user_id,event,flyer_id,merchant_id,event_id,seq', ...lines].join('\n')}\n`;
}
