/** A drop store and a lake of one test, and what ingest makes of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { silentLogger } from '../../infra/log.ts';
import { type Duck, openDuck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { type IngestedDay, type IngestOptions, ingestDay } from '../../tasks/ingest/ingest-day.ts';
import { type MetricParams, metricParamsSchema } from '../../tasks/metric-params.ts';
import type { DayInputs } from '../../tasks/refs.ts';
import { USER_DAY } from '../../tasks/tables.ts';
import type { RejectedRow, StagedRow } from './stage-text.ts';

export const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';

export interface DropZone {
  readonly drops: ObjectStore;
  readonly lake: ObjectStore;
  /** Of the drops, when they are a local directory. */
  readonly dropsDir: string;
  /** Replaces the drop if it is there. */
  put(key: string, content: string | Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  ingest(
    day: string,
    params?: Partial<MetricParams>,
    options?: Partial<IngestOptions & { memoryLimitBytes: number }>,
  ): Promise<IngestedDay>;
  /** The day's own rows, in order of instant, user and line. */
  events(inputs: DayInputs): Promise<StagedRow[]>;
  rejects(inputs: DayInputs): Promise<(RejectedRow & { readonly source: string })[]>;
  /** Keys in the lake under a prefix. */
  keys(prefix: string): Promise<string[]>;
  close(): Promise<void>;
}

/** One for each test of a file, in stores that nothing was put into, and closed after it. Call it at the top of the file. */
export function useDropZone(root: string): DropZone {
  const zone = {} as { -readonly [Name in keyof DropZone]: DropZone[Name] };
  beforeEach(async () => {
    Object.assign(zone, await openDropZone(root));
  });
  afterEach(() => zone.close());
  return zone;
}

/** In new directories, or in the stores given. */
export async function openDropZone(
  root: string,
  stores?: { readonly drops: ObjectStore; readonly lake: ObjectStore },
): Promise<DropZone> {
  const dir = mkdtempSync(join(root, 'zone-'));
  const dropsDir = join(dir, 'drops');
  mkdirSync(dropsDir);
  const drops = stores?.drops ?? (await openStore(dropsDir, { readOnly: true }));
  const lake = stores?.lake ?? (await openStore(join(dir, 'lake')));
  let duck: Promise<Duck> | undefined;
  let runs = 0;

  async function query<T extends object>(
    keys: readonly string[],
    sql: (from: string) => string,
  ): Promise<T[]> {
    if (keys.length === 0) return [];
    duck ??= openDuck({ memoryLimitBytes: 256 << 20, threads: 1, tempDir: dir });
    const into = join(dir, 'fetched');
    const paths = await Promise.all(keys.map((key) => lake.fetchFile(key, into)));
    return (await duck).rows<T>(sql(`read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`));
  }

  return {
    drops,
    lake,
    dropsDir,
    async put(key, content) {
      if (stores !== undefined) {
        await drops.put(key, content);
        return;
      }
      mkdirSync(dirname(join(dropsDir, key)), { recursive: true });
      rmSync(join(dropsDir, key), { force: true });
      writeFileSync(join(dropsDir, key), content);
    },
    async remove(key) {
      if (stores !== undefined) await drops.delete(key);
      else rmSync(join(dropsDir, key));
    },
    ingest(day, params = {}, options = {}) {
      const scratchDir = join(dir, `scratch-${runs++}`);
      return ingestDay(
        { drops, lake, scratchDir, memoryLimitBytes: options.memoryLimitBytes ?? 512 << 20, threads: 2 },
        {
          day,
          params: metricParamsSchema.parse(params),
          tables: [USER_DAY],
          scratchDir,
          signal: new AbortController().signal,
          log: silentLogger,
          progress: () => {},
          ...options,
        },
      );
    },
    events: ({ day, files }) =>
      query<StagedRow>(
        files.filter((file) => file.day === day).map(({ key }) => key),
        (from) =>
          `SELECT line::INTEGER AS line, instant_ms::DOUBLE AS instant_ms, local_ms::DOUBLE AS local_ms, user_id, event::INTEGER AS event,
             flyer_id, merchant_id, event_id, seq::DOUBLE AS seq, received_ms::DOUBLE AS received_ms
           FROM ${from} ORDER BY instant_ms, user_id, line`,
      ),
    rejects: ({ rejected }) =>
      query(
        rejected.map(({ key }) => key),
        (from) =>
          `SELECT source, line::INTEGER AS line, reason, detail, raw FROM ${from} ORDER BY source, line`,
      ),
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { key } of lake.list(prefix)) keys.push(key);
      return keys;
    },
    async close() {
      await (await duck)?.close();
      await lake.close();
      await drops.close();
    },
  };
}

export const row = (time: string, user: string, event = 'flyer_open', ids = '1,9'): string =>
  `${time},${user},${event},${ids}`;

export const csv = (...rows: string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
