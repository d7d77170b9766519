/** What must hold when the drill is over, whatever was done: compared with the same runs undisturbed, and counted again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLocally } from '../../engine/local-executor.ts';
import type { RedisEngine } from '../../engine/redis-engine.ts';
import { type RunSummary, summarize } from '../../engine/run-summary.ts';
import { partitionHistory } from '../../lake/history.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { checkRun } from '../../test/support/check-run.ts';
import { journalOf, openDrill, tableOf } from './drill-task.ts';
import type { DrillRun, Load } from './load.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly tasks: number;
  /** Published, each exactly once. */
  readonly effects: number;
}

export async function verify(
  engine: RedisEngine,
  load: Load,
  about: { readonly seed: number; readonly dir: string; readonly scratchDir: string },
  onProgress: (share: number) => void,
): Promise<Verdict> {
  const { seed, dir, scratchDir } = about;
  const disturbed = await openDrill(seed, dir, false);
  const undisturbed = await openDrill(seed, join(dir, 'undisturbed'), false);
  const violations: string[] = [];
  let tasks = 0;
  let effects = 0;
  const verifyRun = async (run: DrillRun) => {
    const say = (what: string) => violations.push(`${run.dagId} ${run.runId}: ${what}`);
    const state = await load.stateOf(run);
    if (state === undefined) return void say('does not exist');
    try {
      // Of one that goes on the recount would miss leases, which are kept apart; that it goes on is told already.
      if (state.endedAtMs !== undefined) checkRun(state);
    } catch (error) {
      say(`counters: ${(error as Error).message}`);
    }
    const { dag, day, runId } = run;
    const settings = { services: undisturbed, scratchDir, retryDelayMaxMs: 20, maxParallel: 4 };
    const expected = await runLocally(dag, { day, runId, ...settings });
    const actual = summarize(state, day, 0);
    for (const difference of compareStates(expected, actual)) say(difference);
    tasks += expected.tasks.length;
    for (const { taskId, mapIndex, state: end } of expected.tasks) {
      if (end !== 'success') continue;
      const table = tableOf({ dagId: run.dagId, taskId, mapIndex, day });
      const problem = await compareEffect(disturbed.store, undisturbed.store, table, day);
      if (problem === undefined) effects += 1;
      else say(`${taskId}[${mapIndex}] ${problem}`);
    }
    for (const problem of await checkOrder(dir, run, actual)) say(problem);
  };
  for (let from = 0; from < load.runs.length; from += RUNS_AT_ONCE) {
    await Promise.all(load.runs.slice(from, from + RUNS_AT_ONCE).map(verifyRun));
    onProgress(from / load.runs.length);
  }
  violations.push(...(await leftBehind(engine)));
  return { violations, tasks, effects };
}

const RUNS_AT_ONCE = 8;

/** The end of each instance; how many attempts it took is chance. */
function compareStates(expected: RunSummary, actual: RunSummary): readonly string[] {
  const differences: string[] = [];
  if (expected.state !== actual.state)
    differences.push(`ended ${actual.state}, undisturbed ${expected.state}`);
  const statesOf = ({ tasks }: RunSummary) =>
    new Map(tasks.map(({ taskId, mapIndex, state }) => [`${taskId}[${mapIndex}]`, state] as const));
  const [wanted, found] = [statesOf(expected), statesOf(actual)];
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    if (wanted.get(name) === found.get(name)) continue;
    const error = actual.tasks.find(({ taskId, mapIndex }) => `${taskId}[${mapIndex}]` === name)?.error;
    const why = error === undefined ? '' : ` (${error.message})`;
    differences.push(`${name} is ${found.get(name)}${why}, undisturbed ${wanted.get(name)}`);
  }
  return differences;
}

async function compareEffect(
  disturbed: ObjectStore,
  undisturbed: ObjectStore,
  table: string,
  day: string,
): Promise<string | undefined> {
  const [actual, expected] = await Promise.all([
    readSnapshot(disturbed, table),
    readSnapshot(undisturbed, table),
  ]);
  const [file, ...more] = filesOfDay(actual, day);
  if (file === undefined) return 'published nothing';
  if (more.length > 0) return `published ${more.length + 1} files`;
  const versions = await partitionHistory(disturbed, table, day);
  const published = versions.filter(({ rowCount }) => rowCount !== undefined);
  if (published.length !== 1) return `was published ${published.length} times`;
  const [bytes, wanted] = await Promise.all([
    disturbed.get(file.key),
    undisturbed.get(filesOfDay(expected, day)[0]!.key),
  ]);
  if (!bytes.body.equals(wanted.body)) return `published "${bytes.body}", undisturbed "${wanted.body}"`;
  return undefined;
}

/** Nothing starts before what it waits for was published. Rules that start early are left out. */
async function checkOrder(dir: string, run: DrillRun, actual: RunSummary): Promise<readonly string[]> {
  const text = await readFile(journalOf(dir, run.dagId, run.runId), 'utf8').catch(() => '');
  const firsts = new Map<string, number>();
  for (const [at, line] of text.split('\n').entries()) {
    const [, what, instance] = /^(\w+) (\S+)#/.exec(line) ?? [];
    if (what !== undefined && !firsts.has(`${what} ${instance}`)) firsts.set(`${what} ${instance}`, at);
  }
  const problems: string[] = [];
  for (const { id, upstream, triggerRule } of run.dag.graph.tasks) {
    if (triggerRule === 'one_success' || triggerRule === 'one_failed') continue;
    const starts = [...firsts].flatMap(([name, at]) => (name.startsWith(`start ${id}[`) ? [at] : []));
    for (const before of actual.tasks) {
      if (!upstream.includes(before.taskId) || before.state !== 'success') continue;
      const publishedAt =
        firsts.get(`published ${before.taskId}[${before.mapIndex}]`) ?? Number.POSITIVE_INFINITY;
      if (Math.min(...starts) < publishedAt)
        problems.push(`${id} started before ${before.taskId}[${before.mapIndex}] was published`);
    }
  }
  return problems;
}

/** When all runs have ended nothing waits, nothing holds a slot, no lane is occupied. */
async function leftBehind({ redis, keys }: RedisEngine): Promise<readonly string[]> {
  const channels = await redis.smembers(keys.channels);
  const lanes = await redis.smembers(keys.lanes);
  const sets = [
    keys.delayed,
    ...channels.flatMap((name) =>
      (['ready', 'outbox', 'leases'] as const).map((part) => keys.channel(name, part)),
    ),
    ...lanes.flatMap((name) => (['waiting', 'active'] as const).map((part) => keys.lane(name, part))),
  ];
  const left = await Promise.all(sets.map(async (key) => [key, await redis.zrange(key, '0', '-1')] as const));
  return left.flatMap(([key, members]) =>
    members.length === 0 ? [] : [`${key} still holds ${members.join(', ')}`],
  );
}
