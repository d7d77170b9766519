/** The commands, as people type them: a day computed aside, looked at, asked in SQL, published; another one discarded. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { flyerline } from '../support/flyerline.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { shoppersOf } from './preview-lake.ts';

const DAY = '2018-10-01';

describe('the commands of previews', { timeout: 120_000 }, () => {
  const temp = useTempDir();
  let env: Readonly<Record<string, string>>;
  const run = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await flyerline(args, { env });
    expect(stderr).not.toMatch(/FL_INTERNAL/);
    return { exitCode, stdout, stderr };
  };
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse((await run(...args, '--json')).stdout) as T;
  const dwell = async (...args: readonly string[]) => {
    const asked = await json<{ rows: readonly { s: number }[] }>(
      'sql',
      'select sum(dwell_s) s from user_day',
      ...args,
    );
    return asked.rows[0]!.s;
  };

  beforeAll(() => {
    const drops = join(temp.path, 'drops');
    mkdirSync(drops);
    const lines = shoppersOf(DAY, 0).map(({ timestamp, user, event, flyer, merchant }) =>
      [timestamp, user, event, flyer, merchant].join(','),
    );
    writeFileSync(
      join(drops, `${DAY}.csv`),
      `${['timestamp,user_id,event,flyer_id,merchant_id', ...lines].join('\n')}\n`,
    );
    env = { FLYERLINE_DROPS: drops, FLYERLINE_LAKE: join(temp.path, 'lake') };
  });

  it('compute a day aside, show what would change, answer in SQL, publish it, and discard another', async () => {
    expect((await run('run', 'nightly', '--date', DAY)).exitCode).toBe(0);
    const planned = [
      'backfill',
      'plan',
      'nightly',
      '--from',
      DAY,
      '--to',
      DAY,
      '--stage',
      '--apply',
      '--local',
    ];
    const { id } = await json<{ id: string }>(...planned, '--params', 'inactivity_timeout_s=900');
    const { previews } = await json<{ previews: readonly { id: string; status: string }[] }>(
      'preview',
      'list',
    );
    expect(previews).toMatchObject([{ id, status: 'open', days: [DAY] }]);

    const text = (await run('preview', 'diff', id)).stdout;
    expect(text).toMatch(/user_day +rows +16 +16 +=/);
    expect(text).toMatch(/dwell_s +[\d,.]+ +[\d,.]+ +−[\d,.]+ +−[\d.]+ %/);
    const before = await dwell();
    const aside = await dwell('--preview', id);
    expect(aside).toBeLessThan(before);

    const published = await run('preview', 'publish', id, '--reason', 'a quarter of an hour');
    expect(published, published.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('is published: 1 day, exports of 1 day'),
    });
    expect(await dwell()).toBe(aside);
    expect((await run('preview', 'show', id)).stdout).toMatch(/2018-10-01 +1 +published/);

    const other = ['run', 'nightly', '--date', DAY, '--param', 'inactivity_timeout_s=60', '--stage'];
    const staged = await json<{ outcome: string; preview: string }>(...other);
    expect(staged.outcome).toBe('staged');
    expect(await json('preview', 'discard', staged.preview)).toEqual({ id: staged.preview, deleted: true });
    expect((await run('preview', 'show', staged.preview)).exitCode).toBe(2);
    expect(await dwell()).toBe(aside);
  });
});
