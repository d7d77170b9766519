/** `./flyerline demo`: real processes, a real Redis, and figures that must be those of the generator's books. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../cli/demo/compare.ts';
import type { PublishedPartition } from '../../cli/demo/published.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { processesOf } from '../support/processes.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

interface DemoJson {
  readonly ok: boolean;
  readonly runs: readonly RunSummary[];
  readonly partitions: readonly PublishedPartition[];
  readonly comparison: Comparison;
}

const dir = useTempDir();
const SMALL = ['--days', '2', '--users', '250'];
const EXPORTED = ['dq_day', 'flyer_day', 'flyer_views', 'merchant_day', 'user_day', 'user_flyer_day'];

describeWith(redisInstalled, './flyerline demo', () => {
  it('catches up all days through the queues, and finds what the generator put in', async () => {
    const keep = join(dir.path, 'kept');
    const demo = await flyerlineJson<DemoJson>(['demo', ...SMALL, '--keep', keep]);
    expect(demo.ok).toBe(true);
    expect(demo.runs.map(({ day, state }) => `${day} ${state}`)).toEqual([
      '2018-10-01 success',
      '2018-10-02 success',
    ]);
    expect(demo.comparison.counts.filter(({ ok }) => !ok)).toEqual([]);
    expect(demo.comparison.merchantDaysExact).toBe(demo.comparison.merchantDays);
    const published = demo.partitions.filter(({ day }) => day === '2018-10-02').map(({ table }) => table);
    expect(published).toEqual(expect.arrayContaining(EXPORTED));
    for (const table of EXPORTED) {
      expect(existsSync(join(keep, 'lake/current/csv', table, `dt=2018-10-02/${table}.csv`)), table).toBe(
        true,
      );
    }
    // Tasks ran in the workers, not here.
    const logs = ['worker-1', 'worker-2'].map((name) =>
      readFileSync(join(keep, 'logs', `${name}.log`), 'utf8'),
    );
    expect(logs.join('')).toContain('The worker takes attempts');
    expect(await processesOf(keep)).toEqual([]);
  });

  it('tells people what happened, without a terminal line by line', async () => {
    const { exitCode, stdout } = await flyerline(['demo', ...SMALL], { cwd: dir.fresh() });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/✓ .*2018-10-01 {2}publish-day/);
    expect(stdout).toContain('Published, one partition per table and day');
    expect(stdout).toContain("figures are those of the generator's books");
    expect(stdout).toContain('merchant-days say what the events say');
    expect(stdout).toContain('.flyerline/demo/lake/current/csv/merchant_day');
  });

  it('keeps running with --serve, and ends what it started with Ctrl-C', async () => {
    const keep = join(dir.path, 'served');
    const child = spawn(
      process.execPath,
      [join(PROJECT_ROOT, 'cli/main.ts'), 'demo', ...SMALL, '--serve', '--keep', keep],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    let printed = '';
    for await (const piece of child.stdout) {
      printed += piece;
      if (!printed.includes('go on until Ctrl-C')) continue;
      expect((await processesOf(keep)).length).toBeGreaterThanOrEqual(5);
      child.kill('SIGINT');
      break;
    }
    child.stdout.resume();
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(0);
    expect(await processesOf(keep)).toEqual([]);
  });

  it('ends with exit code 130 and no process left when it is interrupted', async () => {
    const keep = join(dir.path, 'interrupted');
    const child = spawn(
      process.execPath,
      [join(PROJECT_ROOT, 'cli/main.ts'), 'demo', ...SMALL, '--keep', keep],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    for await (const piece of child.stdout) {
      if (String(piece).includes('through the queues')) break;
    }
    child.kill('SIGINT');
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(130);
    expect(await processesOf(keep)).toEqual([]);
  });
});

describe('./flyerline demo --keep', () => {
  it('refuses a directory with anything else in it', async () => {
    const path = dir.fresh();
    writeFileSync(join(path, 'precious.csv'), 'a\n');
    const { exitCode, stderr } = await flyerline(['demo', '--keep', path]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('holds something else than an earlier demo');
    expect(existsSync(join(path, 'precious.csv'))).toBe(true);
  });
});
