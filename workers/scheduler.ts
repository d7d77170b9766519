/** A scheduler: makes the runs that are due, dispatches what waits, repairs what is lost. Several may run; one leads. */
import { hostname } from 'node:os';
import type { Dag } from '../engine/dag.ts';
import { dagStore } from '../engine/dag-store.ts';
import { dispatcher, sweep } from '../engine/dispatch.ts';
import { pruneRuns, reconcile } from '../engine/reconciler.ts';
import { redisEngine } from '../engine/redis-engine.ts';
import { forgetProcess, reportProcess } from '../engine/redis-processes.ts';
import { makeRequestedRuns } from '../engine/run-requests.ts';
import { runStore } from '../engine/run-store.ts';
import { scheduleDue } from '../engine/scheduler-loop.ts';
import type { Config } from '../infra/config.ts';
import { createLogger, type Logger } from '../infra/log.ts';
import { programVersion } from '../infra/program-version.ts';
import { connectRedis } from '../infra/redis.ts';
import { startArchivist } from './archivist.ts';
import { every } from './every.ts';
import { loadPipelines, OWN_PIPELINES } from './load-pipelines.ts';
import { processName } from './names.ts';
import { startNotifier } from './notifier.ts';
import { runAsProcess } from './run-as-process.ts';
import { LEAVE_MAX_MS, within } from './within.ts';

export interface SchedulerOptions {
  readonly redisUrl: string;
  /** Module with DAGs. @default the project's own */
  readonly pipelines?: string;
  /** @default to stderr, as configured */
  readonly log?: Logger;
  /** Epoch ms; decides which intervals are due. @default Date.now */
  readonly clock?: () => number;
  /**
   * For crash drills: called with the name of each step when it is done; `run-made` before its interval counts as covered,
   * `made-ready` before attempts go to BullMQ.
   */
  readonly onStep?: (step: 'run-made' | 'made-ready') => void;
}

export interface Scheduler {
  readonly id: string;
  stop(): Promise<void>;
}

/** How long an attempt whose retry is due, or whose dispatch was forgotten, waits for the next look. */
const SWEEP_MS = 250;
const PRUNE_MS = 60_000;
const REPORT_MS = 5_000;
/** Ended runs that are kept per DAG. */
const RUNS_KEPT_MAX = 5_000;

/** Resolves when its DAGs are registered and its loops run. */
export async function startScheduler(config: Config, options: SchedulerOptions): Promise<Scheduler> {
  const { redisUrl, pipelines = OWN_PIPELINES, clock = Date.now } = options;
  const { schedulerTickMs, reconcileMs } = config.engine;
  const id = processName();
  const log = (options.log ?? createLogger({ ...config.log, name: 'scheduler' })).child({ scheduler: id });
  const onError = (error: Error) => log.debug('The connection to Redis has a problem.', { error });
  const { dags } = await loadPipelines(pipelines);

  const redis = connectRedis(redisUrl, { name: id, forBlocking: true, onError });
  const prefix = config.redisPrefix;
  const jobs = dispatcher({ redis, prefix, log });
  const onReady: typeof jobs.dispatch = (ready) => {
    options.onStep?.('made-ready');
    jobs.dispatch(ready);
  };
  const engine = redisEngine({ redis, prefix, onReady });
  const runs = runStore(engine);
  const dagStates = dagStore(engine);
  const register = () => registerAll(dags, dagStates, config);

  const startedAtMs = Date.now();
  const failed = (what: string) => (error: unknown) =>
    log.error(`The scheduler could not ${what}.`, { error });
  const leaseMs = 3 * Math.max(schedulerTickMs, reconcileMs, SWEEP_MS);
  const leads = async () => (await engine.run('lead', [id, leaseMs])) === 1;
  const archivist = startArchivist({ engine, config, log, leads });
  await archivist.recoverIfEmpty().catch(failed('bring back runs from the lake'));
  await register();
  const loops = [
    every(
      schedulerTickMs,
      async () => {
        if (!(await leads())) return undefined;
        // Redis may have been replaced by an empty one meanwhile.
        if (await archivist.recoverIfEmpty()) await register();
        const settingsOf = (dagId: string) => config.dags[dagId] ?? {};
        const onRunMade = () => options.onStep?.('run-made');
        const made = await scheduleDue(dags, { runs, dagStates, nowMs: clock(), settingsOf, onRunMade });
        const asked = await makeRequestedRuns(engine, dags, (dagId) => settingsOf(dagId).params);
        for (const run of [...made, ...asked]) log.info('A run was made.', { ...run });
        return undefined;
      },
      failed('make runs'),
    ),
    every(
      SWEEP_MS,
      async () => {
        if (!(await leads())) return undefined;
        const { nextDueMs } = await sweep(engine);
        return nextDueMs === undefined ? undefined : nextDueMs - Date.now();
      },
      failed('dispatch'),
    ),
    every(
      reconcileMs,
      async () => {
        if (!(await leads())) return undefined;
        const { lost, overdueRuns } = await reconcile(engine, runs);
        for (const attemptId of lost) log.warn('An attempt lost its worker.', { attemptId });
        if (overdueRuns > 0) log.warn('Runs took too long and were cancelled.', { overdueRuns });
        return undefined;
      },
      failed('repair'),
    ),
    every(
      PRUNE_MS,
      async () => {
        if (await leads()) await pruneRuns(engine, runs, RUNS_KEPT_MAX);
        return undefined;
      },
      failed('forget old runs'),
    ),
    every(
      REPORT_MS,
      async () => {
        const load = { queues: [], concurrency: 0, running: 0, draining: false };
        const about = { host: hostname(), pid: process.pid, version: programVersion(), startedAtMs };
        await reportProcess(engine, { kind: 'scheduler', id, ...about, ...load });
        return undefined;
      },
      failed('report itself'),
    ),
  ];
  const notifier = startNotifier({ engine, dags, dagStates, config, log, leads, clock, startedAtMs });
  log.info('The scheduler runs.', { dags: dags.map((dag) => dag.id) });

  let stopping: Promise<void> | undefined;
  const leave = async () => {
    await Promise.all([...loops, notifier, archivist].map((loop) => loop.stop()));
    await jobs.close();
    await engine.run('unlead', [id]).catch(() => {});
    await forgetProcess(engine, { kind: 'scheduler', id }).catch(() => {});
  };
  const stop = async () => {
    // When Redis is away, it would be waited for. What is cut off is done by the next to lead.
    await within(LEAVE_MAX_MS, leave());
    redis.disconnect();
    log.info('The scheduler has stopped.');
  };
  return {
    id,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function registerAll(
  dags: readonly Dag[],
  dagStates: ReturnType<typeof dagStore>,
  config: Config,
): Promise<void> {
  for (const dag of dags) await dagStates.register(dag, { paused: config.dags[dag.id]?.paused });
}

if (import.meta.main) await runAsProcess(startScheduler);
