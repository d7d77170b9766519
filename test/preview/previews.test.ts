/** Days computed aside: what nobody sees of them, how they differ, and how they are published or refused. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { contentOfFiles, readHeadManifest } from '../../lake/manifest.ts';
import { type Preview, readPreviewState } from '../../lake/preview/preview-doc.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import { diffPreview } from '../../tasks/preview/diff-preview.ts';
import { readPreviewDays } from '../../tasks/preview/preview-days.ts';
import { publishPreview } from '../../tasks/preview/publish-preview.ts';
import { LAKE_TABLES, SEED_COMPAT } from '../../tasks/tables.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { DAYS, openPreviewLake, type PreviewLake, seenByOthers, shoppersOf } from './preview-lake.ts';

const SHORTER = { inactivity_timeout_s: 900, k_min_users: 1 };
const USUAL = { k_min_users: 1 };
const { signal } = new AbortController();

describe('a preview', { timeout: 90_000 }, () => {
  const temp = useTempDir();
  let lake: PreviewLake;
  /** The same drops, made directly with the other parameters. */
  let direct: PreviewLake;
  /** Of the first two days, with the other parameters. */
  let shorter: Preview;

  beforeAll(async () => {
    [lake, direct] = await Promise.all([openPreviewLake(temp.path), openPreviewLake(temp.path)]);
    for (const one of [lake, direct]) {
      for (const [seed, day] of DAYS.entries()) one.drop(`${day}.csv`, shoppersOf(day, seed));
    }
    for (const day of DAYS) await lake.run(day, USUAL);
  }, 120_000);

  afterAll(async () => {
    await lake?.close();
    await direct?.close();
  });

  const sumOfRows = async (of: PreviewLake, table: string, days: readonly string[]) => {
    const { files } = await readSnapshot(of.lake, table);
    return [...files.values()]
      .filter(({ day }) => days.includes(day))
      .reduce((sum, { rowCount }) => sum + rowCount, 0);
  };

  const contents = async (of: PreviewLake, table: string, day: string) =>
    contentOfFiles((await readHeadManifest(of.lake, table, day))!.files);

  it('is computed without changing anything that others read, down to tags of objects', async () => {
    const before = await seenByOthers(lake.lake);
    shorter = await lake.stage(DAYS.slice(0, 2), SHORTER);
    expect(await seenByOthers(lake.lake)).toEqual(before);
    const days = await readPreviewDays(lake.services, shorter);
    expect(days.map(({ day, status }) => [day, status])).toEqual([
      [DAYS[0], 'ready'],
      [DAYS[1], 'ready'],
    ]);
    expect(days[0]!.checks?.results.length).toBeGreaterThan(0);
  });

  it('tells how sums and averages change, as they come out of the same days made directly', async () => {
    for (const day of DAYS.slice(0, 2)) await direct.run(day, SHORTER);
    const diff = await diffPreview(lake.services, shorter, { signal });

    const duck = await openDuck({ memoryLimitBytes: 256 << 20, threads: 1, tempDir: temp.path });
    const sums = async (of: PreviewLake, table: string, terms: string) => {
      const paths = DAYS.slice(0, 2).map((day) => of.current(table, day, 'parquet'));
      const [row] = await duck.rows<Record<string, number>>(
        `SELECT ${terms} FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`,
      );
      return row!;
    };
    try {
      const terms = `count(*)::DOUBLE AS rows, count(DISTINCT user_id)::DOUBLE AS users, sum(dwell_s) AS dwell_s,
        avg(dwell_s) AS avg_dwell_s, median(dwell_s) AS median_dwell_s`;
      const [was, is] = [await sums(lake, 'user_day', terms), await sums(direct, 'user_day', terms)];
      const told = diff.tables.find(({ table }) => table === 'user_day')!;
      expect(told).toMatchObject({ dayCount: 2, changedDayCount: 2 });
      expect(is.dwell_s).toBeLessThan(was.dwell_s!);
      for (const name of Object.keys(was)) {
        expect(told.figures[name]!.before, name).toBeCloseTo(was[name]!, 6);
        expect(told.figures[name]!.after, name).toBeCloseTo(is[name]!, 6);
      }
      const ofMerchant = `sum(dwell_s) FILTER (merchant_id = 'm0') AS dwell_s, sum(users) FILTER (merchant_id = 'm0')::DOUBLE AS users`;
      const merchant = (await diffPreview(lake.services, shorter, { signal, merchant: 'm0' })).merchants;
      const [before, after] = [
        await sums(lake, 'merchant_day', ofMerchant),
        await sums(direct, 'merchant_day', ofMerchant),
      ];
      expect(merchant.merchants).toHaveLength(1);
      const { figures } = merchant.merchants[0]!;
      expect(figures.dwell_s!.before).toBeCloseTo(before.dwell_s!, 6);
      expect(figures.dwell_s!.after).toBeCloseTo(after.dwell_s!, 6);
      expect(figures.users).toEqual({ before: before.users, after: after.users });
      expect(merchant.days.map(({ day }) => day)).toEqual(DAYS.slice(0, 2));
    } finally {
      await duck.close();
    }
    const events = diff.tables.find(({ table }) => table === 'clean_events')!;
    const rows = await sumOfRows(lake, 'clean_events', DAYS.slice(0, 2));
    expect(events.figures).toEqual({ rows: { before: rows, after: rows } });
    // The third day can no longer be compared with the two: they would follow another definition.
    expect(diff.tables.find(({ table }) => table === 'merchant_day')!.laterDays).toEqual([DAYS[2]]);
  });

  it('publishes the bytes that a backfill with the same parameters publishes, and goes on where it was killed', async () => {
    await publishUntilKilled(lake, shorter, 'committed flyer_views');
    expect((await readPreviewState(lake.lake, shorter)).status).toBe('publishing');
    expect(await contents(lake, 'flyer_views', DAYS[0])).toBe(await contents(direct, 'flyer_views', DAYS[0]));
    expect(await contents(lake, 'user_day', DAYS[0])).not.toBe(await contents(direct, 'user_day', DAYS[0]));
    const before = (await readSnapshot(lake.lake, 'flyer_views')).version;

    const published = await publishPreview(lake.services, shorter, { signal, reason: 'quarter of an hour' });
    expect(published.days).toEqual(DAYS.slice(0, 2));
    expect(published.exportedDays).toEqual(DAYS);
    // What was published the first time is left alone; the others take both days in one version.
    expect((await readSnapshot(lake.lake, 'flyer_views')).version).toBe(before);
    expect((await readSnapshot(lake.lake, 'user_day')).version).toBe(DAYS.length);
    await direct.run(DAYS[2], USUAL);
    for (const { name, exported } of LAKE_TABLES) {
      if (name === SEED_COMPAT.name) continue;
      for (const day of DAYS) {
        expect(await contents(lake, name, day), `${name} ${day}`).toBe(await contents(direct, name, day));
        if (exported && name !== 'dq_day')
          expect(await lake.rows(name, day), `${name} ${day}`).toEqual(await direct.rows(name, day));
      }
    }
    const manifest = await readHeadManifest(lake.lake, 'user_day', DAYS[0]);
    expect(manifest).toMatchObject({ preview: shorter.id, params: SHORTER, reason: 'quarter of an hour' });
    expect((await readPreviewState(lake.lake, shorter)).status).toBe('published');
    // A run with these parameters finds nothing to do.
    const again = await lake.run(DAYS[0], SHORTER);
    expect(again.tasks.find(({ taskId }) => taskId === 'ingest-drops')?.note).toMatch(/nothing to do/);
  });

  it('is not published when a run has published one of its days since, and then nothing is', async () => {
    const preview = await lake.stage(DAYS.slice(1), { ...USUAL, inactivity_timeout_s: 600 });
    await lake.run(DAYS[2], { ...USUAL, max_view_s: 60 });
    const before = await seenByOthers(lake.lake);
    await expect(publishPreview(lake.services, preview, { signal })).rejects.toMatchObject({
      code: 'FL_PREVIEW_DRIFTED',
      reason: expect.stringMatching(/2018-10-03: \w+ was published since by run manual__2018-10-03/),
    });
    expect(await seenByOthers(lake.lake)).toEqual(before);
  });

  it('is not published when a drop has come since that a run would read', async () => {
    const preview = await lake.stage([DAYS[2]], USUAL);
    // A name that says nothing of its days: it has to be read.
    lake.drop('late.csv', shoppersOf(DAYS[2], 9, 4));
    await expect(publishPreview(lake.services, preview, { signal })).rejects.toMatchObject({
      code: 'FL_PREVIEW_DRIFTED',
    });
    const days = await readPreviewDays(lake.services, preview);
    expect(days[0]).toMatchObject({
      status: 'drifted',
      reason: expect.stringMatching(/1 drop arrived .*late.csv/),
    });
    await lake.run(DAYS[2], USUAL);
  });

  it('of a day that a check blocks is computed to be looked at, and is not published', async () => {
    lake.drop(`${DAYS[2]}-bad.csv`, [
      { timestamp: `${DAYS[2]}T10:00:00-04:00`, user: '', event: 'flyer_open' },
    ]);
    const preview = await lake.stage([DAYS[2]], { ...USUAL, rejected_share_max: 0 });
    const diff = await diffPreview(lake.services, preview, { signal });
    expect(diff.days[0]).toMatchObject({ status: 'blocked' });
    expect(diff.checks.find(({ after }) => after === 'blocked')).toMatchObject({
      day: DAYS[2],
      check: 'rejected_events.rejected_share',
      before: 'passed',
    });
    await expect(publishPreview(lake.services, preview, { signal })).rejects.toMatchObject({
      code: 'FL_CHECK_FAILED',
    });
  });

  it('is not published before all its days are computed', async () => {
    const preview = await lake.stage([], { ...USUAL, bounce_s: 5 });
    const half = { ...preview, days: [DAYS[0]] };
    await expect(publishPreview(lake.services, half, { signal })).rejects.toMatchObject({
      code: 'FL_PREVIEW_STATE',
    });
  });
});

async function publishUntilKilled({ services }: PreviewLake, { id }: Preview, step: string): Promise<void> {
  const { lake, drops, scratchDir } = services;
  const args = [lake.url, drops.url, scratchDir, id, step];
  const child = fork(new URL('./publish-child.ts', import.meta.url), args);
  const exited = once(child, 'exit');
  await Promise.race([once(child, 'message'), exited]);
  child.kill('SIGKILL');
  await exited;
  expect(child.signalCode).toBe('SIGKILL');
}
