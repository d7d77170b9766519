/**
 * Crash drill: a publisher is killed (SIGKILL) after every step. What a reader then sees, and what the next run does, is
 * the table in docs/internals/publishing.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../lake/catalog.ts';
import { readCurrentState } from '../../lake/current.ts';
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import { currentKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { findStaleExports, findUncatalogued } from '../../lake/reconcile-current.ts';
import { readRestatements } from '../../lake/restatements.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { useSampleLake } from './sample-lake.ts';
import { PUBLISH_STEPS, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';
const PUBLISHER = new URL('./publish-once.ts', import.meta.url).pathname;
const OLD = { day: DAY, rowCount: 100, salt: 1 };
const NEW = { day: DAY, rowCount: 120, salt: 2 };

describe('a publisher that dies', () => {
  const lake = useSampleLake();

  const publish = async (directory: string, dieAfter: string): Promise<string[]> => {
    const args = [PUBLISHER, directory, lake.freshDir(), dieAfter, JSON.stringify(NEW)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    await once(child, 'close');
    return output.trim().split('\n');
  };

  it.each(PUBLISH_STEPS)(
    'after %s leaves the old version or the new one, whole, and the next run completes',
    async (step) => {
      const directory = lake.freshDir();
      const store = await openStore(directory);
      await lake.commit(store, OLD);
      await lake.export(store, DAY);

      const steps = await publish(directory, step);
      expect(steps.at(-1)).toBe(step);

      const isCommitted = PUBLISH_STEPS.indexOf(step) >= PUBLISH_STEPS.indexOf('entry-put');
      const shown = (format: string) =>
        PUBLISH_STEPS.indexOf(step) >= PUBLISH_STEPS.indexOf(`${format}:current-put`)
          ? NEW.rowCount
          : OLD.rowCount;
      const seen = await readersSee(store, lake.duck);
      expect(seen).toEqual({
        table: isCommitted ? NEW.rowCount : OLD.rowCount,
        parquet: shown('parquet'),
        csv: shown('csv'),
      });

      // What the scheduled repair looks for when nobody runs the day again.
      const isBehind = isCommitted && step !== 'catalog-put';
      expect((await findBehind(store)).length > 0).toBe(isBehind);

      const retried = await lake.commit(store, NEW);
      expect(retried.outcome).toBe(isCommitted ? 'unchanged' : 'committed');
      await lake.export(store, DAY);
      expect(await readersSee(store, lake.duck)).toEqual({ table: 120, parquet: 120, csv: 120 });
      await expectBooksInOrder(store);
      expect(await findBehind(store)).toEqual([]);
    },
  );

  it('is documented step by step', async () => {
    const page = await readFile(new URL('../../docs/internals/publishing.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z:-]+)` +\| (\w+) +\| (\w+) +\| (\w+) +\|/gm)];
    const seen = (step: string, since: string) =>
      PUBLISH_STEPS.indexOf(step) >= PUBLISH_STEPS.indexOf(since) ? 'new' : 'old';
    expect(rows.map(([, ...row]) => row)).toEqual(
      PUBLISH_STEPS.map((step) => [
        step,
        seen(step, 'entry-put'),
        seen(step, 'parquet:current-put'),
        seen(step, 'csv:current-put'),
      ]),
    );
  });

  it('says its steps in the order of the drill', async () => {
    const directory = lake.freshDir();
    expect(await publish(directory, 'never')).toEqual([...PUBLISH_STEPS, 'done']);
  });
});

const findBehind = async (store: ObjectStore) => [
  ...(await findStaleExports(store, sampleTable)),
  ...(await findUncatalogued(store, sampleTable, await readCatalog(store))),
];

/** Rows that readers of the Delta table and of `current/` count; every file they read has to be whole. */
async function readersSee(store: ObjectStore, duck: Duck) {
  const count = async (from: string) =>
    Number((await duck.rows<{ n: number }>(`SELECT count(*)::INTEGER AS n FROM ${from}`))[0]!.n);
  const files = filesOfDay(await readSnapshot(store, 'sample'), DAY);
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, '')));
  const current = (format: 'parquet' | 'csv') => store.fetchFile(currentKey('sample', DAY, format), '');
  return {
    table: await count(`read_parquet(${sqlPaths(paths)})`),
    parquet: await count(`read_parquet(${sqlPaths([await current('parquet')])})`),
    csv: await count(`read_csv(${sqlPaths([await current('csv')])}, header = true)`),
  };
}

/** State, catalog and feed tell of the new version, once. */
async function expectBooksInOrder(store: ObjectStore): Promise<void> {
  const [parquet, csv] = await Promise.all([
    readCurrentState(store, 'sample', DAY, 'parquet'),
    readCurrentState(store, 'sample', DAY, 'csv'),
  ]);
  const [table] = (await readCatalog(store))!.tables;
  expect(table!.partitions).toMatchObject([
    {
      day: DAY,
      rowCount: 120,
      files: { parquet: { sha256: parquet!.sha256 }, csv: { sha256: csv!.sha256 } },
    },
  ]);
  expect(await readRestatements(store, 'sample')).toMatchObject([
    { kind: 'published', rowCount: 100, previousRowCount: null },
    { kind: 'restated', rowCount: 120, previousRowCount: 100 },
  ]);
}
