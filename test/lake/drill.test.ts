/**
 * The crash drill: publishers race, die at random steps and lose answers, while readers that are not ours read without
 * pause. Seeded: FLYERLINE_DRILL_SEED repeats a run's choices, FLYERLINE_DRILL_ROUNDS makes it longer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { sqlPaths } from '../../lake/duckdb.ts';
import { collectGarbage } from '../../lake/gc.ts';
import { partitionHistory } from '../../lake/history.ts';
import { claimsDir, currentKey, manifestsDir } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { findStaleExports } from '../../lake/reconcile-current.ts';
import { readRestatements } from '../../lake/restatements.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { verifyTable } from '../../lake/verify.ts';
import { type Fault, startFaultyProxy } from '../support/faulty-proxy.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { listKeys } from './list-keys.ts';
import { type SampleLake, useSampleLake } from './sample-lake.ts';
import { PUBLISH_STEPS, type SampleOptions, sampleTable } from './sample-publish.ts';

const SEED = Number(process.env.FLYERLINE_DRILL_SEED ?? 20181001);
const ROUNDS = Number(process.env.FLYERLINE_DRILL_ROUNDS ?? 3);
const PUBLISHERS = 4;
const DAYS = ['2018-10-01', '2018-10-02'];
const PUBLISHER = new URL('./publish-once.ts', import.meta.url).pathname;

const python = await findPython();
const pythonInstalled =
  python === undefined ? { missing: 'deltalake is not installed; ./flyerline test installs it' } : {};

/** A version holds the rows 0 to 59 + salt, in two files; `views` of row 0 is salt % 13. */
const versionOf = (day: string, salt: number): SampleOptions => ({
  day,
  rowCount: 60 + salt,
  salt,
  parts: 2,
});

/** Reads until it is told to stop; every read must find whole versions of the days, each row once. */
const READER = `
import json, os, sys, threading, deltalake
url, options = sys.argv[1], json.loads(sys.argv[2])
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
reads = 0
while not stop.is_set():
    frame = deltalake.DeltaTable(url, storage_options=options).to_pandas()
    for day, rows in frame.groupby('dt'):
        ids = sorted(rows['id'])
        salt = len(ids) - 60
        views = dict(zip(rows['id'], rows['views']))
        assert ids == list(range(len(ids))), f'{day}: a row is missing or there twice'
        assert all(views[i] == (i + salt) % 13 for i in ids), f'{day}: rows of two versions'
    reads += 1
print(json.dumps({'reads': reads}), flush=True)
os._exit(0)  # Not waiting for the libraries' own threads.
`;

interface Drill {
  readonly lake: SampleLake;
  /** What publishers and the reader are told. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly readerOptions: Readonly<Record<string, string>>;
  /** Without faults. */
  readonly store: ObjectStore;
  readonly random: () => number;
}

async function drill({ lake, url, env, readerOptions, store, random }: Drill): Promise<void> {
  const pick = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)]!;
  for (const day of DAYS) {
    await lake.commit(store, versionOf(day, 0));
    await lake.export(store, day);
  }
  const script = join(lake.tempPath, 'reader.py');
  writeFileSync(script, endingAtOnce(READER));
  const reader = spawn(python!, [script, `${url}/tables/sample`, JSON.stringify(readerOptions)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const readerSaid = collect(reader);
  const exports = watchExports(lake, store);

  const committed: { day: string; runId: string }[] = [];
  let ended = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(
      Array.from({ length: PUBLISHERS }, async (_, publisher) => {
        const day = pick(DAYS);
        const runId = `drill-${round}-${publisher}`;
        const options = { ...versionOf(day, Math.floor(random() * 40)), runId };
        const dieAfter = random() < 0.7 ? pick(PUBLISH_STEPS) : 'never';
        const args = [PUBLISHER, url, lake.freshDir(), dieAfter, JSON.stringify(options)];
        const child = spawn(process.execPath, args, {
          env: { ...process.env, ...env },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const said = await collect(child);
        if (said.includes('entry-put')) committed.push({ day, runId });
        if (said.at(-1) === 'done' || said.at(-1) === 'fenced' || said.at(-1) === dieAfter) ended += 1;
      }),
    );
  }
  expect(ended).toBe(ROUNDS * PUBLISHERS);

  reader.stdin!.end();
  const { reads } = JSON.parse((await readerSaid).at(-1) ?? '{}') as { reads?: number };
  expect(reads).toBeGreaterThan(3);
  expect(await exports.stop()).toBeGreaterThan(3);

  // No commit is lost: the history knows each of them.
  for (const day of DAYS) {
    const runs = (await partitionHistory(store, 'sample', day)).map(({ runId }) => runId);
    for (const { runId } of committed.filter((one) => one.day === day)) expect(runs).toContain(runId);
    expect(new Set(runs).size).toBe(runs.length);
  }

  // The next runs bring everything to the head; what died is collected, and nothing else.
  for (const day of DAYS) {
    await lake.commit(store, versionOf(day, 99));
    await lake.export(store, day);
  }
  expect(await findStaleExports(store, sampleTable)).toEqual([]);
  for await (const { findings } of verifyTable(store, 'sample', { exported: true }))
    expect(findings).toEqual([]);
  expect((await readRestatements(store, 'sample')).filter(({ day }) => day === DAYS[0]).at(-1)).toMatchObject(
    {
      rowCount: 159,
    },
  );
  await collectGarbage(store, { nowMs: Date.now() + 31 * 86_400_000 });
  const snapshot = await readSnapshot(store, 'sample');
  for (const day of DAYS) {
    const live = filesOfDay(snapshot, day).map(({ key }) => key);
    expect(live).toHaveLength(2);
    expect(await listKeys(store, `tables/sample/dt=${day}/`)).toEqual(live);
    expect(await listKeys(store, claimsDir('sample', day))).toHaveLength(1);
    expect(await listKeys(store, manifestsDir('sample', day))).toHaveLength(1);
  }
}

/** Reads both exports of all days again and again; `stop` tells how often, or what was wrong. */
function watchExports(lake: SampleLake, store: ObjectStore): { stop(): Promise<number> } {
  const dir = lake.freshDir();
  let [isStopped, reads] = [false, 0];
  const watching = (async () => {
    for (; !isStopped; reads += 1) await expectWholeExports(lake, store, dir);
  })();
  // Told by `stop`.
  watching.catch(() => undefined);
  return {
    stop: async () => {
      isStopped = true;
      await watching;
      return reads;
    },
  };
}

/** One version of the day in each export, all of it, for who reads the object in one go. */
async function expectWholeExports(lake: SampleLake, store: ObjectStore, dir: string): Promise<void> {
  for (const day of DAYS) {
    for (const format of ['parquet', 'csv'] as const) {
      const { body } = await store.get(currentKey('sample', day, format));
      const path = join(dir, `${day}.${format}`);
      writeFileSync(path, body);
      const from = `${format === 'csv' ? 'read_csv' : 'read_parquet'}(${sqlPaths([path])})`;
      const [row] = await lake.duck.rows<{ ok: boolean }>(
        `SELECT count(DISTINCT id) = count(*) AND max(id) = count(*) - 1
           AND bool_and(views = (id + n - 60) % 13) AS ok FROM ${from}, (SELECT count(*) AS n FROM ${from})`,
      );
      expect(row).toEqual({ ok: true });
    }
  }
}

async function collect(child: ChildProcess): Promise<string[]> {
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await once(child, 'close');
  return output.trim().split('\n');
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describeWith(pythonInstalled, `crash drill, seed ${SEED}`, () => {
  const lake = useSampleLake();

  it('in a directory: no torn read, no lost commit, no row twice, every orphan collected', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    await drill({ lake, url: directory, env: {}, readerOptions: {}, store, random: seeded(SEED) });
  }, 120_000);
});

describeWith([pythonInstalled, s3ServerInstalled.versitygw], `crash drill on S3, seed ${SEED}`, () => {
  const lake = useSampleLake();
  const server = useS3Server('versitygw');

  it('with lost answers: no torn read, no lost commit, no row twice, every orphan collected', async () => {
    const random = seeded(SEED + 1);
    const proxy = await startFaultyProxy(server.endpoint);
    const faults: Fault[] = Array.from({ length: 100_000 }, () => (random() < 0.05 ? 'lose-answer' : 'pass'));
    proxy.plan(faults, ({ method }) => method === 'PUT' || method === 'POST');
    const url = `s3://${await server.createBucket()}/lake`;
    const store = await openStore(url, { s3: server.config });
    try {
      await drill({
        lake,
        url,
        env: { FLYERLINE_S3_ENDPOINT: proxy.endpoint, FLYERLINE_S3_FORCE_PATH_STYLE: 'true', ...server.env },
        readerOptions: {
          AWS_ENDPOINT_URL: server.endpoint,
          AWS_ALLOW_HTTP: 'true',
          AWS_REGION: 'us-east-1',
          ...server.env,
        },
        store,
        random,
      });
    } finally {
      await store.close();
      await proxy.close();
    }
  }, 240_000);
});

describe('the drill itself', () => {
  it('makes the same choices from the same seed', () => {
    const [a, b] = [seeded(7), seeded(7)];
    expect(Array.from({ length: 5 }, a)).toEqual(Array.from({ length: 5 }, b));
  });
});
