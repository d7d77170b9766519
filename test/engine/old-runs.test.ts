/** Which runs of the history are old enough to go, and what stays of each DAG. */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteOldRuns, findOldRuns } from '../../engine/archive/old-runs.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { openStore } from '../../lake/open-store.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY_MS = 86_400_000;

describe('old runs', () => {
  const temp = useTempDir();

  /** A lake whose objects were put so many days ago. */
  async function lakeOf(ages: Readonly<Record<string, number>>) {
    const store = await openStore(temp.fresh());
    for (const [key, days] of Object.entries(ages)) {
      await store.put(key, 'x');
      const at = new Date(Date.now() - days * DAY_MS);
      await utimes(join(store.localRoot!, key), at, at);
    }
    const left = async () => {
      const keys: string[] = [];
      for await (const { key } of store.list('runs/')) keys.push(key);
      return keys;
    };
    return { store, left };
  }

  it('go with their logs, the run first; young ones, and the latest of a DAG however old, stay', async () => {
    const { store, left } = await lakeOf({
      'runs/prod/_state.json.gz': 500,
      'runs/prod/_graphs/nightly/abc.json.gz': 500,
      'runs/prod/nightly/scheduled__1/0000000007.json.gz': 400,
      'runs/prod/nightly/scheduled__1/0000000007.logs.json.gz': 400,
      'runs/prod/nightly/scheduled__2/0000000007.json.gz': 300,
      'runs/prod/rare/manual__1/0000000003.json.gz': 700,
      'runs/prod/rare/manual__2/0000000003.json.gz': 600,
      'runs/prod/rare/manual__2/0000000003.logs.json.gz': 600,
      'runs/test/nightly/scheduled__1/0000000007.json.gz': 400,
    });
    const gone: string[] = [];
    expect(await deleteOldRuns(store, {}, ({ key }) => gone.push(key))).toBe(3);
    expect(gone).toEqual([
      'runs/prod/nightly/scheduled__1/0000000007.json.gz',
      'runs/prod/nightly/scheduled__1/0000000007.logs.json.gz',
      'runs/prod/rare/manual__1/0000000003.json.gz',
    ]);
    expect(await left()).toHaveLength(6);
    expect(await deleteOldRuns(store)).toBe(0);
  });

  it('are as old as the last time they ended: one that was cleared keeps what it was before', async () => {
    const { store } = await lakeOf({
      'runs/prod/nightly/scheduled__1/0000000007.json.gz': 400,
      'runs/prod/nightly/scheduled__1/0000000019.json.gz': 20,
      'runs/prod/nightly/scheduled__2/0000000007.json.gz': 1,
    });
    expect(await deleteOldRuns(store)).toBe(0);
    expect(await deleteOldRuns(store, { keptMs: 10 * DAY_MS })).toBe(2);
  });

  it('are not looked for when somebody asks for less than a week', async () => {
    const { store } = await lakeOf({});
    const found = findOldRuns(store, { keptMs: 6 * DAY_MS });
    await expect(found.next()).rejects.toSatisfy((error) => isFlyerlineError(error, 'FL_CONFIG_INVALID'));
  });
});
