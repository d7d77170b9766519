/** Days from staged files to tables, by the tasks' own functions, without an engine: cleanse, dwell, report. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFlyerlineError } from '../../infra/errors.ts';
import { silentLogger } from '../../infra/log.ts';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { reportDay } from '../../tasks/build-reports.ts';
import { cleanseBucket } from '../../tasks/cleanse-events.ts';
import { dwellOfBucket } from '../../tasks/compute-dwell.ts';
import { ingestDay } from '../../tasks/ingest/ingest-day.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import type { BucketRef, DayInputs, DayTablesRef, DwellRef } from '../../tasks/refs.ts';
import { PUBLISHED_TABLES, TABLES } from '../../tasks/tables.ts';
import { type RawRow, type StageOptions, stageEvents } from './stage-events.ts';

export type Row = Readonly<Record<string, string | number | null>>;

/** Rows of each table over all days, in the order of days and keys. BIGINT comes as number, a date as text. */
export type Tables = Readonly<Record<string, readonly Row[]>>;

export interface ComputeOptions extends StageOptions {
  /** Threads of DuckDB. @default 1 */
  readonly threads?: number;
  /** Days that are computed. @default all days with an event */
  readonly days?: readonly string[];
  /** See ReportOptions. */
  readonly valuesPerPass?: number;
}

export interface Computed {
  readonly tables: Tables;
  readonly days: readonly DayTablesRef[];
}

export async function computeDays(rows: readonly RawRow[], options: ComputeOptions = {}): Promise<Computed> {
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-days-'));
  try {
    const store = await openStore(join(dir, 'lake'));
    const { inputs, refs } = await stageEvents(store, rows, options);
    const days: DayTablesRef[] = [];
    for (const [index, ofDay] of inputs.entries()) {
      if (options.days && !options.days.includes(ofDay.day)) continue;
      days.push(
        await computeDay(
          store,
          ofDay,
          refs[index]!,
          join(dir, 'scratch'),
          options.threads,
          options.valuesPerPass,
        ),
      );
    }
    return { days, tables: await readTables(store, days, dir) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The same from drops, by name, through the real ingest. Days without a row are left out. */
export async function computeDrops(
  drops: Readonly<Record<string, string>>,
  days: readonly string[],
  options: Pick<ComputeOptions, 'params' | 'threads'> = {},
): Promise<Computed> {
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-drops-'));
  try {
    const [lake, dropStore] = [await openStore(join(dir, 'lake')), await openStore(join(dir, 'drops'))];
    for (const [name, text] of Object.entries(drops)) await dropStore.put(name, text);
    const scratchDir = join(dir, 'scratch');
    const services = {
      lake,
      drops: dropStore,
      scratchDir,
      memoryLimitBytes: 512 * 2 ** 20,
      threads: options.threads ?? 1,
    };
    const computed: DayTablesRef[] = [];
    for (const day of days) {
      try {
        const { inputs, refs } = await ingestDay(services, {
          day,
          params: metricParamsSchema.parse(options.params ?? {}),
          tables: PUBLISHED_TABLES,
          scratchDir,
          signal: new AbortController().signal,
          log: silentLogger,
          progress: () => {},
        });
        computed.push(await computeDay(lake, inputs, refs, scratchDir, options.threads));
      } catch (error) {
        if (!isFlyerlineError(error, 'FL_DROPS_EMPTY')) throw error;
      }
    }
    return { days: computed, tables: await readTables(lake, computed, dir) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Each bucket with sessions of its own, as in tasks of their own. */
export async function computeDay(
  store: ObjectStore,
  inputs: DayInputs,
  refs: readonly BucketRef[],
  scratchDir: string,
  threads = 1,
  valuesPerPass?: number,
): Promise<DayTablesRef> {
  const withDuck = async <T>(run: (duck: Awaited<ReturnType<typeof openDuck>>) => Promise<T>): Promise<T> => {
    const duck = await openDuck({ memoryLimitBytes: 512 * 2 ** 20, threads, tempDir: scratchDir });
    try {
      return await run(duck);
    } finally {
      await duck.close();
    }
  };
  const buckets: DwellRef[] = [];
  for (const ref of refs) {
    const clean = await withDuck((duck) => cleanseBucket(duck, store, inputs, ref, scratchDir));
    buckets.push(await withDuck((duck) => dwellOfBucket(duck, store, inputs, clean, scratchDir)));
  }
  return withDuck((duck) =>
    reportDay(duck, store, inputs, buckets, {
      scratchDir,
      ...(valuesPerPass && { valuesPerPass }),
    }),
  );
}

async function readTables(store: ObjectStore, days: readonly DayTablesRef[], dir: string): Promise<Tables> {
  const duck = await openDuck({ memoryLimitBytes: 512 * 2 ** 20, threads: 1, tempDir: dir });
  try {
    const tables: Record<string, Row[]> = {};
    for (const [table, schema] of Object.entries(TABLES)) {
      const files = days.flatMap((day) => day.tables[table] ?? []);
      if (files.length === 0) continue;
      const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, dir)));
      const columns = schema.columns.map(({ name, type }) =>
        type === 'date'
          ? `"${name}"::VARCHAR AS "${name}"`
          : type === 'long'
            ? `"${name}"::DOUBLE AS "${name}"`
            : `"${name}"`,
      );
      const order = [...schema.key].map((name) => `s."${name}" NULLS FIRST`);
      tables[table] = await duck.rows<Row>(
        `SELECT ${columns.join(', ')} FROM read_parquet(${sqlPaths(paths)}) AS s ORDER BY ${order.join(', ')}`,
      );
    }
    return tables;
  } finally {
    await duck.close();
  }
}
