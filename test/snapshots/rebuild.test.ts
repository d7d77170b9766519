/** What was exported or asked of a snapshot comes out the same after restatements and collection, byte by byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../lake/gc.ts';
import { collectStageGarbage } from '../../tasks/stage-gc/collect-stage.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const [FIRST, SECOND, THIRD] = ['2018-10-01', '2018-10-02', '2018-10-03'] as const;
const row = (day: string, time: string, user: string, event: string): RawRow => ({
  ...{ timestamp: `${day}T${time}-04:00`, user, event, flyer: '1', merchant: '9' },
});
const ROWS = [FIRST, SECOND, THIRD].flatMap((day) => [
  row(day, '10:00:00', 'ada', 'flyer_open'),
  row(day, '10:00:30', 'ada', 'flyer_close'),
]);

interface Exported {
  readonly days: readonly string[];
  readonly tables: readonly {
    readonly table: string;
    readonly files: readonly { readonly sha256: string }[];
  }[];
}

describe('a snapshot of two days', () => {
  const dir = useTempDir();
  let nightly: NightlyLake;
  let env: Readonly<Record<string, string>>;
  const json = <T>(...args: string[]) => flyerlineJson<T>(args, { env, cwd: dir.path });

  const exportAll = async (out: string) => {
    const found: Exported[] = [
      await json('export', 'table', 'clean_events', '--snapshot', 'v1', '--out', join(dir.path, out)),
      await json('export', 'features', '--snapshot', 'v1', '--out', join(dir.path, out)),
      await json('export', 'user', '--snapshot', 'v1', '--out', join(dir.path, out)),
    ];
    return found.map(({ days, tables }) => ({
      days,
      tables: tables.map(({ table, files }) => [table, files.map(({ sha256 }) => sha256)]),
    }));
  };
  const ask = async (...args: string[]) =>
    (
      await json<{ rows: unknown[] }>(
        'sql',
        'SELECT day::VARCHAR AS day, count(*)::INTEGER AS events FROM clean_events GROUP BY day ORDER BY day',
        ...args,
      )
    ).rows;
  const FROZEN = [
    { day: FIRST, events: 2 },
    { day: SECOND, events: 2 },
  ];

  beforeAll(async () => {
    nightly = await openNightlyLake(dir.path);
    env = {
      FLYERLINE_LAKE: join(nightly.dir, 'lake'),
      FLYERLINE_SCRATCH_DIR: join(dir.path, 'scratch'),
      FLYERLINE_FEATURES_SECRET: 'a secret of thirty-two characters',
    };
    nightly.drop('first.csv', ROWS);
    for (const day of [FIRST, SECOND, THIRD]) await nightly.run(day);
    await json('snapshot', 'create', 'v1', '--to', SECOND, '--note', 'for a model');
  }, 60_000);
  afterAll(() => nightly?.close());

  it('gives the same answers and the same files when its days have been restated and collected', async () => {
    const before = await exportAll('before');
    expect(before[0]).toMatchObject({ days: [FIRST, SECOND] });
    expect(await ask('--snapshot', 'v1')).toEqual(FROZEN);

    nightly.drop('late.csv', [
      row(SECOND, '12:00:00', 'eve', 'flyer_open'),
      row(SECOND, '12:01:00', 'eve', 'flyer_close'),
    ]);
    await nightly.run(SECOND);
    const later = { nowMs: Date.now() + 200 * 86_400_000 };
    await collectGarbage(nightly.lake, later);
    await collectStageGarbage(nightly.lake, later);

    expect((await ask()).length).toBe(3);
    expect(await ask('--snapshot', 'v1')).toEqual(FROZEN);
    expect(await exportAll('after')).toEqual(before);
    const made = (out: string) => readFileSync(join(dir.path, out, 'clean_events.parquet'));
    expect(made('after').equals(made('before'))).toBe(true);
    expect(await json('verify')).toMatchObject({ ok: true, snapshots: [{ name: 'v1', findings: [] }] });
  }, 60_000);

  it('says what has been restated since, and what it costs', async () => {
    const { snapshot, since } = await json<{
      snapshot: { note: string; tables: { table: string; days: string[] }[] };
      since: { table: string; restated: { day: string; rowCount: number; rowCountNow: number }[] }[];
    }>('snapshot', 'show', 'v1', '--table', 'clean_events');
    expect(snapshot).toMatchObject({ note: 'for a model', tables: [{ days: [FIRST, SECOND] }] });
    expect(since).toMatchObject([{ restated: [{ day: SECOND, rowCount: 2, rowCountNow: 4 }], newDays: [] }]);
    const { snapshots } = await json<{ snapshots: unknown[] }>('snapshot', 'list');
    expect(snapshots).toMatchObject([{ name: 'v1', restatedDays: 1, heldBytes: expect.any(Number) }]);
    const { stdout } = await flyerline(['snapshot', 'show', 'v1', '--files', '--table', 'clean_events'], {
      env,
    });
    const files = stdout.trim().split('\n');
    expect(files.map((path) => readFileSync(path).subarray(0, 4).toString())).toEqual(['PAR1', 'PAR1']);
  });

  it('knows only its own tables and days, and answers to its name alone', async () => {
    const table = await flyerline(['sql', 'select * from seed_compat', '--snapshot', 'v1'], { env });
    expect(table.exitCode).toBe(2);
    const days = ['--from', THIRD, '--to', THIRD, '--out', dir.path];
    const range = await flyerline(['export', 'table', 'user_day', '--snapshot', 'v1', ...days], { env });
    expect(range).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('FL_OBJECT_MISSING') });
    const name = await flyerline(['verify', '--snapshot', 'v2'], { env });
    expect(name).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there are: v1') });
    const none = await flyerline(['export', 'table', 'user_day', '--from', FIRST, '--out', dir.path], {
      env,
    });
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--to') });
  });

  it('is gone when it is deleted, and the collection takes what only it kept', async () => {
    const { heldBytes } = await json<{ heldBytes: number }>('snapshot', 'delete', 'v1');
    const { bytes } = await collectGarbage(nightly.lake, { nowMs: Date.now() + 200 * 86_400_000 });
    expect(heldBytes).toBeGreaterThan(0);
    // The files, and their manifests.
    expect(bytes).toBeGreaterThan(heldBytes);
    expect(await json('verify')).toMatchObject({ ok: true, snapshots: [] });
  });
});
