/** Turns time into runs: for each DAG, the data intervals that are due and have none. */
import { programVersion } from '../infra/program-version.ts';
import type { Dag } from './dag.ts';
import type { DagStore } from './dag-store.ts';
import { parseRunParams, type RunParams } from './params.ts';
import { ACTIVE_RUNS_MAX_DEFAULT, type NewRun, type RunStore } from './run-store.ts';
import { type DataInterval, dueIntervals, type RunKind, runIdFor } from './schedule.ts';

/** What a configuration may set per DAG. */
export interface DagSettings {
  readonly startDate?: string | undefined;
  readonly endDate?: string | undefined;
  readonly params?: RunParams | undefined;
}

export interface InsertedRun {
  readonly dagId: string;
  readonly runId: string;
}

/** Runs made per DAG and look: a catch-up of years must not keep the others waiting. */
const INTERVALS_MAX = 50;

/**
 * One look at the clock. Several schedulers may do this at once: a run is inserted once per interval, and the cursor only moves
 * on. Intervals missed while no scheduler ran are caught up with, or skipped, as the DAG says.
 */
export async function scheduleDue(
  dags: readonly Dag[],
  {
    runs,
    dagStates,
    nowMs,
    settingsOf,
    onRunMade,
  }: {
    readonly runs: RunStore;
    readonly dagStates: DagStore;
    readonly nowMs: number;
    readonly settingsOf: (dagId: string) => DagSettings;
    /** For crash drills: a run is there, and its interval does not count as covered yet. */
    readonly onRunMade?: () => void;
  },
): Promise<readonly InsertedRun[]> {
  const inserted: InsertedRun[] = [];
  for (const dag of dags) {
    const known = await dagStates.get(dag.id);
    if (known === undefined || known.paused || dag.options.schedule === null) continue;
    const settings = settingsOf(dag.id);
    const intervals = dueIntervals(scheduleOf(dag, settings), {
      nowMs,
      coveredUntilMs: known.coveredUntilMs,
      max: INTERVALS_MAX,
    });
    for (const interval of intervals) {
      const run = newRun(dag, { kind: 'scheduled', interval, params: settings.params });
      if ((await runs.insertRun(run)).inserted) inserted.push({ dagId: dag.id, runId: run.runId });
      onRunMade?.();
      await dagStates.coverUntil(dag.id, interval.endMs);
    }
  }
  return inserted;
}

/** A run of a DAG as it is defined now. Throws FL_PARAMS_INVALID. */
export function newRun(
  dag: Dag,
  about: {
    readonly kind: RunKind;
    readonly interval: DataInterval;
    readonly params?: RunParams | undefined;
    /** @default from kind and interval */
    readonly runId?: string;
    readonly note?: string;
    readonly conf?: NewRun['conf'];
  },
): NewRun {
  const { options, graph } = dag;
  const { kind, interval, note, conf } = about;
  return {
    graph,
    runId: about.runId ?? runIdFor(kind, interval),
    kind,
    interval,
    params: parseRunParams(dag, about.params),
    code: programVersion(),
    // A line of their own: the nightly run would stand behind all days of a backfill, which are earlier.
    lane: {
      name: kind === 'backfill' ? `backfill/${dag.id}` : dag.id,
      activeRunsMax: options.activeRunsMax ?? ACTIVE_RUNS_MAX_DEFAULT,
    },
    ...(options.runTimeoutMs === undefined ? {} : { timeoutMs: options.runTimeoutMs }),
    ...(options.dependsOnPast === true && kind === 'scheduled' ? { dependsOnPast: true } : {}),
    ...(note === undefined ? {} : { note }),
    ...(conf === undefined ? {} : { conf }),
  };
}

/** The DAG's own schedule, with the dates of the configuration over it. */
export function scheduleOf({ options }: Dag, { startDate, endDate }: DagSettings) {
  return {
    ...options,
    ...(startDate === undefined ? {} : { startDate }),
    ...(endDate === undefined ? {} : { endDate }),
  };
}
