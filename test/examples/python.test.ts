/** The Python examples run as users run them, on a directory and on S3, and again after a day was restated. */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { findPython } from '../../cli/test/python.ts';
import { readChanges } from '../../lake/changes.ts';
import { collectGarbage } from '../../lake/gc.ts';
import { openStore } from '../../lake/open-store.ts';
import { createSnapshot } from '../../tasks/snapshots/create-snapshot.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const python = await findPython();
const readers =
  python === undefined
    ? { missing: 'the Python readers are not installed; ./flyerline test installs them' }
    : {};
const [FIRST, SECOND] = ['2018-10-01', '2018-10-02'] as const;
const TABLES = ['user_flyer_day', 'merchant_day'] as const;

/**
 * Runs the script of its first argument, and ends without tear-down: the threads of Arrow and of delta-rs now and then abort a
 * process that has done its work.
 */
const RUNNER = `
import os, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
status = 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    if isinstance(ended.code, str): print(ended.code, file=sys.stderr)
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
`;

const view = (day: string, hour: string, user: string, flyer: string, seconds: string): RawRow[] =>
  (['flyer_open', 'flyer_close'] as const).map((event, end) => ({
    ...{
      timestamp: `${day}T${hour}:00:${end === 0 ? '00' : seconds}-04:00`,
      user,
      event,
      flyer,
      merchant: '9',
    },
  }));
const ROWS = [
  ...view(FIRST, '10', 'ada', '1', '30'),
  ...view(FIRST, '11', 'bob', '2', '10'),
  ...view(SECOND, '10', 'ada', '1', '20'),
];

describeWith([readers, s3ServerInstalled.moto], 'examples/python', () => {
  const dir = useTempDir();
  const server = useS3Server('moto');
  let nightly: NightlyLake;
  let lakeDir: string;
  let fingerprint: string;
  const warehouse = join(dir.path, 'bi.sqlite');

  const run = (script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
      const path = join(PROJECT_ROOT, 'examples/python', script);
      const options = { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env }, timeout: 60_000 };
      execFile(python!, ['-c', RUNNER, path, ...args], options, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  const train = (...args: string[]) => run('training_set.py', ['--lake', lakeDir, ...args]);
  const load = (path = warehouse) => run('incremental_bi_load.py', ['--lake', lakeDir, '--warehouse', path]);
  const fingerprintIn = (stdout: string) => /^fingerprint ([0-9a-f]{64})$/m.exec(stdout)?.[1];

  /** Of the warehouse, as the truth has them: in the order of the key. */
  const loaded = (table: string, path = warehouse) => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const key = table === 'merchant_day' ? 'merchant_id' : 'user_id, flyer_id';
      return database
        .prepare(`SELECT * FROM ${table} ORDER BY day, ${key}`)
        .all()
        .map((row) => ({ ...row }));
    } finally {
      database.close();
    }
  };
  const truth = async (table: string) => [
    ...(await nightly.rows(table, FIRST)),
    ...(await nightly.rows(table, SECOND)),
  ];
  const expectTruth = async (path = warehouse) => {
    for (const table of TABLES) expect(loaded(table, path)).toEqual(await truth(table));
  };

  beforeAll(async () => {
    nightly = await openNightlyLake(dir.path);
    lakeDir = join(nightly.dir, 'lake');
    nightly.drop('first.csv', ROWS);
    for (const day of [FIRST, SECOND]) await nightly.run(day);
    await createSnapshot(nightly.lake, { name: 'v1' });
  });
  afterAll(() => nightly?.close());

  it('make a training set of a snapshot, with a fingerprint', async () => {
    const { exitCode, stdout, stderr } = await train(
      '--snapshot',
      'v1',
      '--out',
      join(dir.path, 'v1.parquet'),
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('3 rows of 2 days from snapshot v1');
    fingerprint = fingerprintIn(stdout)!;
    const oneDay = await train('--snapshot', 'v1', '--from', SECOND);
    expect(oneDay.stdout).toContain('1 rows of 1 days');
    expect(fingerprintIn(oneDay.stdout)).not.toBe(fingerprint);
  });

  it('load a warehouse, and find nothing new the next time', async () => {
    const first = await load();
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toContain('user_flyer_day: 3 rows of 2 days loaded');
    await expectTruth();
    expect((await load()).stdout).toBe('user_flyer_day: nothing new\nmerchant_day: nothing new\n');
    await expectTruth();
  });

  it('load only what was restated, with the reason, and no matter how often', async () => {
    const before = join(dir.path, 'before.sqlite');
    copyFileSync(warehouse, before);
    const users = await nightly.rows('user_day', SECOND);
    nightly.drop('late.csv', view(SECOND, '12', 'eve', '3', '45'));
    await nightly.run(SECOND);

    const { stdout } = await load();
    expect(stdout).toContain(
      'user_flyer_day: 2018-10-02 restated, 1 drop arrived (late.csv): rows +1, events_kept +2, users +1, views +1, dwell_s +45',
    );
    expect(stdout).toContain('user_flyer_day: 2 rows of 1 days loaded');
    await expectTruth();
    // As a loader that died before it stored its position: it applies the same days again.
    const database = new DatabaseSync(warehouse);
    database.exec('UPDATE feed_position SET seq = 0');
    database.close();
    expect((await load()).stdout).toContain('user_flyer_day: 4 rows of 2 days loaded');
    await expectTruth();
    // And as one that was away for a while.
    await load(before);
    await expectTruth(before);

    // What the feed says of the day is what its tables say.
    const { changes } = await readChanges(nightly.lake, ['user_day']);
    const now = await nightly.rows('user_day', SECOND);
    const sum = (rows: typeof now, column: string) =>
      rows.reduce((total, row) => total + Number(row[column]), 0);
    expect(changes.at(-1)).toMatchObject({
      stats: { users: now.length, views: sum(now, 'views'), dwell_s: sum(now, 'dwell_s') },
      previousStats: { users: users.length, views: sum(users, 'views'), dwell_s: sum(users, 'dwell_s') },
    });
  });

  it('make the same training set again after the restatement and a collection', async () => {
    await collectGarbage(nightly.lake, { nowMs: Date.now() + 200 * 86_400_000 });
    const again = join(dir.path, 'again.parquet');
    const rebuilt = await train('--snapshot', 'v1', '--expect', fingerprint, '--out', again);
    expect(rebuilt).toMatchObject({ exitCode: 0, stderr: '' });
    expect(rebuilt.stdout).toMatch(/^identical$/m);
    expect(readFileSync(again).equals(readFileSync(join(dir.path, 'v1.parquet')))).toBe(true);

    await createSnapshot(nightly.lake, { name: 'v2' });
    const other = await train('--snapshot', 'v2', '--expect', fingerprint);
    expect(other.exitCode).toBe(1);
    expect(other.stdout).toContain('4 rows of 2 days from snapshot v2');
    expect(await train('--snapshot', 'v3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('v3'),
    });
  });

  it('are not the only way: the guide reads the frozen rows with pandas', async () => {
    const guide = readFileSync(join(PROJECT_ROOT, 'docs/guides/build-a-training-set.md'), 'utf8');
    const snippets = [...guide.matchAll(/```python\n([\s\S]*?)```/g)].map(([, code]) => code!);
    expect(snippets).toHaveLength(1);
    const { stdout } = await promisify(execFile)(python!, ['-c', endingAtOnce(snippets[0]!)], {
      env: { ...process.env, LAKE: lakeDir, SNAPSHOT: 'v1' },
    });
    expect(stdout).toMatch(/^flyer_close +3\nflyer_open +3$/m);
  });

  it('do the same on S3', async () => {
    const bucket = await server.createBucket();
    const url = `s3://${bucket}/lake`;
    const store = await openStore(url, { s3: server.config });
    try {
      for (const prefix of ['tables/', 'ctl/snapshots/', 'current/']) {
        for await (const { key } of nightly.lake.list(prefix)) {
          if (!/\.(csv|parquet)$/.test(key) || prefix === 'tables/')
            await store.put(key, (await nightly.lake.get(key)).body);
        }
      }
    } finally {
      await store.close();
    }
    const env = {
      ...{ AWS_ENDPOINT_URL: server.endpoint, AWS_ALLOW_HTTP: 'true', AWS_REGION: 'us-east-1' },
      ...server.env,
    };
    const trained = await run(
      'training_set.py',
      ['--lake', url, '--snapshot', 'v1', '--expect', fingerprint],
      env,
    );
    expect(trained).toMatchObject({ exitCode: 0, stderr: '' });
    const path = join(dir.path, 's3.sqlite');
    expect(await run('incremental_bi_load.py', ['--lake', url, '--warehouse', path], env)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    await expectTruth(path);
  });
});
