/** Features: figures of small days, keys that only the secret makes, and no export without one. */
import { createHmac } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { exportFeatures } from '../../tasks/export-features.ts';
import { flyerline } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const SECRET = 'correct horse battery staple, and more of it';
const keyOf = (user: string, secret = SECRET) => createHmac('sha256', secret).update(user).digest('hex');

const row = (timestamp: string, user: string, event: string, flyer = '', merchant = ''): RawRow => ({
  ...{ timestamp: `${timestamp}-04:00`, user, event, flyer, merchant },
});

const ROWS = [
  row('2018-10-01T10:00:00', 'ada', 'flyer_open', '1', '9'),
  row('2018-10-01T10:00:30', 'ada', 'item_open', '1', '9'),
  row('2018-10-01T10:00:40', 'ada', 'flyer_open', '1', '9'),
  row('2018-10-01T10:01:00', 'ada', 'flyer_open', '2', '9'),
  row('2018-10-01T10:01:05', 'ada', 'favorite', '', '8'),
  row('2018-10-01T12:00:00', 'ada', 'flyer_open', '3', '8'),
  row('2018-10-03T23:59:59.999', 'ada', 'list_flyers'),
  row('2018-10-01T20:45:00', 'Zoë', 'list_flyers'),
];

describe('export features', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const args = (out: string) => [
    ...['export', 'features', '--from', '2018-10-01', '--to', '2018-10-03', '--lake', lake, '--out', out],
  ];

  beforeAll(() => publishDays(lake, ROWS, { buckets: 2 }));

  const exportTo = async (outDir: string, secret = SECRET, threads = 1) => {
    const store = await openStore(lake, { readOnly: true });
    try {
      return await exportFeatures(store, {
        ...{ from: '2018-10-01', to: '2018-10-03', outDir, scratchDir: dir.fresh() },
        ...{ memoryLimitBytes: 2 ** 28, threads, secret },
      });
    } finally {
      await store.close();
    }
  };

  const read = async (path: string) => {
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    try {
      return await duck.rows<Record<string, unknown>>(
        `SELECT * REPLACE (day::VARCHAR AS day) FROM read_parquet(${sqlPaths([path])})`,
      );
    } finally {
      await duck.close();
    }
  };

  it('sums up each user and day with an event', async () => {
    const out = dir.fresh();
    await exportTo(out);
    const rows = await read(join(out, 'features_user_day.parquet'));
    const of = (user: string, day: string) =>
      rows.find((found) => found.user_key === keyOf(user) && found.day === day);
    expect(rows.length).toBe(3);
    expect(of('ada', '2018-10-01')).toMatchObject({
      ...{ views: 3, flyers: 3, merchants: 2, dwell_s: 65, favourites: 1, sessions: 2 },
      // Of 60 s and 5 s; the third view is unmeasured.
      ...{ log1p_dwell_median: (Math.log(61) + Math.log(6)) / 2, bounce_share: 0.5 },
      ...{ item_opens_per_view: 1 / 3, reopen_share: 1 / 3, merchant_share_top1: 2 / 3 },
      ...{ hour_09: 0, hour_10: 5, hour_12: 1, days_since_last: null, suspect: 0 },
      unmeasured_share: expect.closeTo(1 / 3, 12),
    });
    expect(of('ada', '2018-10-03')).toMatchObject({
      ...{ views: 0, dwell_s: null, bounce_share: null, unmeasured_share: null, hour_23: 1 },
      ...{ sessions: 1, days_since_last: 2 },
    });
    expect(of('Zoë', '2018-10-01')).toMatchObject({ views: 0, merchants: 0, favourites: 0, hour_20: 1 });
  });

  it('tells of each view how long it was seen, and whether its end was', async () => {
    const out = dir.fresh();
    await exportTo(out);
    expect(await read(join(out, 'features_view.parquet'))).toMatchObject([
      {
        ...{ view_no: 1, duration_s: 60, dwell_s: 60, ended: 1, end_reason: 'switch' },
        ...{ previous_end_reason: null, session_no: 1, position_in_session: 1, reopens: 1, item_opens: 1 },
      },
      {
        ...{ view_no: 2, duration_s: 5, dwell_s: 5, ended: 1, end_reason: 'leave' },
        ...{ previous_end_reason: 'switch', session_no: 1, position_in_session: 2 },
      },
      {
        ...{ view_no: 3, duration_s: 0, dwell_s: null, ended: 0, end_reason: 'timeout' },
        ...{ previous_end_reason: 'leave', session_no: 2, position_in_session: 1 },
      },
    ]);
  });

  it('gives equal bytes for equal input, and other keys for another secret', async () => {
    const checksums = async (secret: string, threads: number) =>
      (await exportTo(dir.fresh(), secret, threads)).tables.flatMap(({ files }) =>
        files.map(({ sha256 }) => sha256),
      );
    const first = await checksums(SECRET, 1);
    expect(await checksums(SECRET, 3)).toEqual(first);
    expect((await checksums(`${SECRET}!`, 1)).some((sha256) => first.includes(sha256))).toBe(false);
  });

  it('makes the keys of RFC 2104 for a secret longer than a block too', async () => {
    const [out, secret] = [dir.fresh(), 'x'.repeat(100)];
    await exportTo(out, secret);
    const keys = (await read(join(out, 'features_user_day.parquet'))).map((found) => found.user_key);
    expect(new Set(keys)).toEqual(new Set([keyOf('ada', secret), keyOf('Zoë', secret)]));
  });

  it('takes the secret from the environment or a file, and shows neither it nor a user id', async () => {
    const file = join(dir.fresh(), 'secret');
    await writeFile(file, `${SECRET}\n`);
    const byEnv = dir.fresh();
    const byFile = dir.fresh();
    const printed = await flyerline([...args(byEnv), '--verbose'], {
      env: { FLYERLINE_FEATURES_SECRET: SECRET },
    });
    expect(printed.exitCode).toBe(0);
    await flyerline(args(byFile), { env: { FLYERLINE_FEATURES_SECRET_FILE: file } });
    const names = (await readdir(byEnv)).sort();
    expect(names).toEqual([
      ...['features.json', 'features_user_day.csv', 'features_user_day.parquet'],
      ...['features_view.csv', 'features_view.parquet'],
    ]);
    const said = [printed.stdout, printed.stderr];
    for (const name of names) {
      const body = await readFile(join(byEnv, name), 'latin1');
      expect(body).toBe(await readFile(join(byFile, name), 'latin1'));
      said.push(body);
    }
    expect(said.join('\n')).not.toMatch(/correct horse|\bada\b|Zoë/);
  });

  it.each([
    ['without a secret', {}, 'FLYERLINE_FEATURES_SECRET'],
    ['with a short secret', { FLYERLINE_FEATURES_SECRET: 'hunter2' }, 'shorter than 32 characters'],
    ['with a file that is not there', { FLYERLINE_FEATURES_SECRET_FILE: 'no/such/file' }, 'cannot be read'],
  ])('refuses to export %s, and writes nothing', async (_, env, reason) => {
    const out = dir.fresh();
    const { exitCode, stderr } = await flyerline(args(out), {
      env: { FLYERLINE_FEATURES_SECRET: '', ...env },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('hunter2');
    expect(await readdir(out)).toEqual([]);
  });
});
