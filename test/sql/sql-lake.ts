/** A small lake for questions in SQL, and ways to ask it: three days of two users. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Duck, openDuck } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { type LakeQuery, type LakeQueryOptions, withLakeQuery } from '../../lake/sql/lake-query.ts';
import { type FirstRows, firstRows } from '../../lake/sql/results.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { publishDays } from '../support/publish-days.ts';
import type { RawRow } from '../support/stage-events.ts';
import type { TempDir } from '../support/temp-dir.ts';

export interface Answer extends FirstRows {
  readonly sources: LakeQuery['sources'];
}

export interface SqlLake {
  readonly dir: string;
  readonly scratchDir: string;
  ask(sql: string, options?: Partial<LakeQueryOptions>): Promise<Answer>;
  /** What a locked session answers to statements that nobody looked at before. */
  withSession<T>(use: (duck: Duck) => Promise<T>): Promise<T>;
  /** What a session answers that is not locked. */
  unlocked(sql: string): Promise<object[]>;
}

const row = (day: string, time: string, user: string, event: string): RawRow => ({
  ...{ timestamp: `${day}T${time}-04:00`, user, event, flyer: '1', merchant: '9' },
});

const ROWS = ['2018-10-01', '2018-10-02', '2018-10-03'].flatMap((day, index) => [
  row(day, '10:00:00', 'ada', 'flyer_open'),
  row(day, `10:00:1${index}`, 'ada', 'flyer_close'),
  row(day, '11:00:00', 'zoe', 'flyer_open'),
  row(day, '11:00:30', 'zoe', 'flyer_close'),
]);

const OPTIONS = { schemas: LAKE_TABLES, memoryLimitBytes: 256 * 2 ** 20, threads: 1, timeoutMs: 30_000 };

/** Asks any store; at most 1000 rows. */
export function askStore(
  store: ObjectStore,
  sql: string,
  options: Partial<LakeQueryOptions> & { readonly scratchDir: string },
): Promise<Answer> {
  return withLakeQuery(store, sql, { ...OPTIONS, ...options }, async (query) => ({
    ...(await firstRows(query, 1_000)),
    sources: query.sources,
  }));
}

/** 1 to 3 October 2018, in versions 0 to 2 of each table; ada has 10, 11 and 12 seconds, zoe 30. Call it in a `describe`. */
export function useSqlLake(temp: TempDir): SqlLake {
  const [dir, scratchDir] = [join(temp.path, 'lake'), join(temp.path, 'sql-scratch')];
  let store: ObjectStore | undefined;
  beforeAll(async () => {
    await publishDays(dir, ROWS);
    mkdirSync(scratchDir);
    store = await openStore(dir, { readOnly: true });
  });
  afterAll(() => store?.close());
  return {
    dir,
    scratchDir,
    ask: (sql, options = {}) => askStore(store!, sql, { scratchDir, ...options }),
    withSession: (use) =>
      withLakeQuery(store!, 'FROM user_day', { ...OPTIONS, scratchDir }, async ({ duck }) => use(duck)),
    unlocked: async (sql) => {
      const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: temp.path });
      return duck.rows(sql).finally(() => duck.close());
    },
  };
}
