/** The commands about the lake, as processes: what they print, and their exit codes. */
import { execFile } from 'node:child_process';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { writeParquet } from '../../lake/duckdb.ts';
import { dataKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { republishDay } from '../../tasks/republish-day.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest } from './sample-publish.ts';

const run = promisify(execFile);
const DAY = '2018-10-01';

describe('the commands about the lake', () => {
  const lake = useSampleLake();
  let directory: string;
  let store: ObjectStore;

  const flyerline = async (...args: string[]) => {
    const env = { ...process.env, NO_COLOR: '1', FLYERLINE_LAKE: directory };
    const main = join(PROJECT_ROOT, 'cli/main.ts');
    return run(process.execPath, [main, ...args], { env, cwd: lake.tempPath }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout, stderr }) => ({ code, stdout: `${stdout}${stderr}` }),
    );
  };
  const json = async (...args: string[]) => JSON.parse((await flyerline(...args, '--json')).stdout);

  /** Commits a day of all tables: no rows, but for dq_day, whose checks are `name: value`. */
  const publish = async (checks: Readonly<Record<string, number>>) => {
    for (const schema of PUBLISHED_TABLES) {
      const token = await claimPartition(store, schema.name, DAY);
      const files = [];
      if (schema.name === 'dq_day') {
        const path = join(lake.freshDir(), 'dq.parquet');
        const values = Object.entries(checks).map(([name, value]) => `('${name}', ${value})`);
        const query = `SELECT DATE '${DAY}' AS day, c::VARCHAR AS "check", v::BIGINT AS value
          FROM (VALUES ${values.join(', ')}) t(c, v)`;
        const { size, sha256, rowCount } = await writeParquet(lake.duck, {
          query,
          orderBy: ['"check"'],
          path,
        });
        const key = dataKey(schema.name, DAY, token, '00');
        await store.putFile(key, path);
        files.push({ key, size, sha256, rowCount });
      }
      const manifest = { ...sampleManifest(DAY, token, files, JSON.stringify(checks)), table: schema.name };
      await commitPartition(store, schema, { day: DAY, token, files, manifest });
    }
    const services = {
      lake: store,
      drops: store,
      scratchDir: lake.tempPath,
      memoryLimitBytes: 2 ** 28,
      threads: 1,
    };
    await republishDay(services, DAY, lake.freshDir(), new AbortController().signal);
  };

  beforeAll(async () => {
    directory = lake.freshDir();
    store = await openStore(directory);
    await publish({ kept: 90, duplicate: 10, gone: 1 });
    await publish({ kept: 95, duplicate: 10, new: 2 });
  });

  it('list what is published', async () => {
    const { partitions } = await json('partitions', 'list', '--table', 'dq_day');
    expect(partitions).toEqual([
      { table: 'dq_day', day: DAY, claim: 2, rowCount: 3, size: expect.any(Number), files: 1, pinned: false },
    ]);
    const { stdout } = await flyerline('partitions', 'list');
    for (const { name } of PUBLISHED_TABLES) expect(stdout).toContain(name);
  });

  it('show files, exports and the way back', async () => {
    const shown = await json('partitions', 'show', 'dq_day', DAY);
    expect(shown).toMatchObject({
      pinned: false,
      manifest: { rowCount: 3, runId: 'test__00000000000000000002' },
      exports: [
        { format: 'parquet', rowCount: 3 },
        { format: 'csv', rowCount: 3 },
      ],
    });
    const { stdout } = await flyerline('partitions', 'show', 'dq_day', DAY);
    expect(stdout).toContain(`current/csv/dq_day/dt=${DAY}/dq_day.csv`);
  });

  it('tell what changed', async () => {
    expect(await json('partitions', 'diff', 'dq_day', DAY)).toMatchObject({
      before: 0,
      after: 1,
      rowsBefore: 3,
      rowsAfter: 3,
      added: 1,
      removed: 1,
      changed: 1,
      columns: [{ name: 'value', changed: 1, before: 101, after: 107 }],
    });
    const { stdout } = await flyerline('partitions', 'diff', 'dq_day', DAY);
    expect(stdout).toContain('1 added, 1 removed, 1 changed');
  });

  it('verify, and fail when a byte is wrong', async () => {
    expect(await json('verify')).toMatchObject({ ok: true });
    const key = `current/csv/dq_day/dt=${DAY}/dq_day.csv`;
    const { body } = await store.get(key);
    await store.put(key, body.toString().replace('95', '96'));
    const { code, stdout } = await flyerline('verify', '--table', 'dq_day');
    expect(code).toBe(1);
    expect(stdout).toContain('has other bytes than were written');

    expect((await json('partitions', 'repair', '--dry-run')).stale).toMatchObject([{ state: 'replaced' }]);
    expect((await flyerline('partitions', 'repair')).code).toBe(0);
    expect(await json('verify')).toMatchObject({ ok: true });
  });

  it('roll back, pin and unpin', async () => {
    const why = 'a test drop';
    const rolledBack = await json('rollback', 'dq_day', DAY, '--to', '0', '--reason', why);
    expect(rolledBack).toMatchObject({ outcome: 'restored', rowCount: 3, pinned: true });
    const csv = (await store.get(`current/csv/dq_day/dt=${DAY}/dq_day.csv`)).body.toString();
    expect(csv).toContain('kept,90');
    expect((await json('partitions', 'list', '--table', 'dq_day')).partitions[0].pinned).toBe(true);
    const { versions } = await json('partitions', 'history', 'dq_day', DAY);
    expect(versions[0]).toMatchObject({ kind: 'rollback', reason: why, pin: 'set' });
    expect(await json('partitions', 'unpin', 'dq_day', DAY, '--reason', 'fixed')).toMatchObject({
      wasPinned: true,
    });
    expect((await flyerline('partitions', 'history', 'dq_day', DAY)).stdout).toContain('rolled back, pinned');
  });

  it('say what garbage there is without touching it', async () => {
    expect(await json('gc', '--dry-run')).toMatchObject({ dryRun: true, objects: [] });
    const { code, stdout } = await flyerline('gc', '--keep-replaced-days', '1');
    expect(code).toBe(2);
    expect(stdout).toContain('2 to 90 days');
  });

  it.each(['--keep-runs-days', '--keep-backfills-days'])(
    'delete nothing when %s is too small',
    async (option) => {
      // An orphan of long ago: the first thing that goes otherwise.
      const key = `scratch/dt=${DAY}/orphan-of${option}`;
      await store.put(key, 'x');
      const longAgo = new Date('2019-01-01');
      await utimes(join(directory, key), longAgo, longAgo);
      const { code, stdout } = await flyerline('gc', option, '6');
      expect([code, await store.head(key)]).toEqual([2, expect.objectContaining({ key })]);
      expect(stdout).toContain('7 days');
      expect((await json('gc')).objects).toEqual([{ key, kind: 'scratch', size: 1 }]);
    },
  );

  it('name the tables there are when asked for another', async () => {
    const { code, stdout } = await flyerline('partitions', 'show', 'user_days', DAY);
    expect(code).toBe(2);
    expect(stdout).toContain('user_flyer_day');
    expect((await flyerline('partitions', 'diff', 'user_day', '2018-12-31')).code).toBe(1);
  });

  it('say why a partition is missing', async () => {
    expect(await json('partitions', 'show', 'user_day', '2018-12-31')).toMatchObject({
      state: 'missing',
      reason: 'no drop holds a row of it',
    });
  });
});
