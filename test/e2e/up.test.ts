/** `./flyerline up` and the commands around it, as two people at two terminals would use them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { ClearedRun } from '../../engine/clear-runs.ts';
import type { DagRow } from '../../engine/dag-store.ts';
import type { RunRow, RunView } from '../../engine/run-view.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { processesOf } from '../support/processes.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const RUN = `manual__${DAY}T00:00:00-04:00`;
const dir = useTempDir();

describeWith(redisInstalled, './flyerline up', () => {
  const cwd = dir.path;
  let up: ReturnType<typeof spawn>;

  beforeAll(async () => {
    await flyerlineJson(['generate', '--days', '1', '--users', '100', '--out', 'data'], { cwd });
    // Only runs by hand: no scheduled ones of today in between.
    const env = { ...process.env, NO_COLOR: '1' };
    const args = ['up', '--drops', 'data/drops', '--lake', 'lake', '--workers', '1'];
    up = spawn(process.execPath, [join(PROJECT_ROOT, 'cli/main.ts'), ...args], { cwd, env, stdio: 'ignore' });
    for (let left = 300; !existsSync(join(cwd, '.flyerline/up.json')) && left > 0; left -= 1)
      await sleep(100);
    for (let left = 30; left > 0; left -= 1) {
      if ((await flyerline(['dags', 'pause', 'nightly'], { cwd })).exitCode === 0) break;
      await sleep(200);
    }
  });
  afterAll(() => {
    up.kill('SIGKILL');
  });

  it('runs what is asked for in another terminal', async () => {
    const { inserted, run } = await flyerlineJson<{ inserted: boolean; run: RunView }>(
      ['trigger', 'nightly', '--date', DAY, '--note', 'by test', '--wait'],
      { cwd },
    );
    expect({ inserted, state: run.state, note: run.note }).toEqual({
      inserted: true,
      state: 'success',
      note: 'by test',
    });
    expect(existsSync(join(cwd, `lake/current/csv/user_day/dt=${DAY}/user_day.csv`))).toBe(true);
  });

  it('does nothing twice, and says how to do it again', async () => {
    const { exitCode, stderr } = await flyerline(['trigger', 'nightly', '--date', DAY], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`./flyerline runs clear nightly ${RUN} --yes`);
  });

  it('shows DAGs, runs, tasks and logs', async () => {
    const { dags } = await flyerlineJson<{ dags: DagRow[] }>(['dags'], { cwd });
    expect(dags.find(({ dagId }) => dagId === 'nightly')).toMatchObject({
      paused: true,
      timezone: 'America/Toronto',
    });
    const { runs } = await flyerlineJson<{ runs: RunRow[] }>(
      ['runs', 'list', 'nightly', '--state', 'success'],
      { cwd },
    );
    expect(runs.map(({ runId }) => runId)).toEqual([RUN]);
    const shown = await flyerline(['runs', 'show', 'nightly', RUN], { cwd });
    expect(shown.stdout).toMatch(/publish-day +success +1/);
    const logs = await flyerline(['logs', 'nightly', RUN, 'ingest-drops'], { cwd });
    expect(logs.stdout).toContain('info');
    const unknown = await flyerline(['logs', 'nightly', RUN, 'ingest'], { cwd });
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('has no task "ingest"');
  });

  it('says what a clear would do before it does it', async () => {
    const clear = ['runs', 'clear', 'nightly', RUN, '--task', 'publish-day', '--downstream'];
    const would = await flyerlineJson<{ cleared: boolean; runs: ClearedRun[] }>(clear, { cwd });
    expect(would.cleared).toBe(false);
    expect(would.runs[0]?.instances[0]?.taskId).toBe('publish-day');
    const before = await flyerlineJson<{ run: RunView }>(['runs', 'show', 'nightly', RUN], { cwd });
    expect(before.run.state).toBe('success');
    await flyerlineJson([...clear, '--yes'], { cwd });
    const { run } = await flyerlineJson<{ run: RunView }>(['trigger', 'nightly', '--date', DAY, '--wait'], {
      cwd,
    });
    expect(run.state).toBe('success');
    expect(run.tasks.find(({ taskId }) => taskId === 'publish-day')?.attempts).toBe(2);
    expect(run.tasks.find(({ taskId }) => taskId === 'ingest-drops')?.attempts).toBe(1);
  });

  it('is one per directory', async () => {
    const { exitCode, stderr } = await flyerline(['up'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('already');
  });

  it('ends with all it has started on Ctrl-C', async () => {
    const gone = once(up, 'exit');
    up.kill('SIGINT');
    const [code] = await gone;
    expect(code).toBe(0);
    expect(existsSync(join(cwd, '.flyerline/up.json'))).toBe(false);
    expect(await processesOf(cwd)).toEqual([]);
    const { exitCode, stderr } = await flyerline(['runs'], { cwd, env: { FLYERLINE_REDIS_URL: '' } });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('./flyerline up');
  });
});
