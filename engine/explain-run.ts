/** Why a run is as it is: one sentence for the whole, and one for each task that is not simply done. */
import { explain } from './explain.ts';
import { explainQueuedRun, type LanePlace, type Surroundings } from './explain-waiting.ts';
import { aside, inWords, quoted } from './explain-words.ts';
import { isFinished, type RunState } from './run-model.ts';

export interface RunExplanation {
  readonly sentence: string;
  /** Of tasks that have not ended, have failed or did not run; in topological order. */
  readonly tasks: readonly { readonly taskId: string; readonly sentence: string }[];
}

export function explainRun(
  run: RunState,
  about: {
    readonly kind: string;
    readonly nowMs: number;
    readonly lane?: LanePlace | undefined;
    /** By task id, of tasks that wait. */
    readonly around?: ReadonlyMap<string, Surroundings>;
  },
): RunExplanation {
  const { nowMs, around } = about;
  const tasks =
    run.state === 'queued'
      ? []
      : run.graph.tasks
          .filter(({ id }) => run.tasks[id]!.state !== 'success')
          .map(({ id }) => ({ taskId: id, sentence: explain(run, { taskId: id }, nowMs, around?.get(id)) }));
  return { sentence: `Run ${run.runId} ${sentenceOf(run, about)}.`, tasks };
}

function sentenceOf(run: RunState, { kind, nowMs, lane }: Parameters<typeof explainRun>[1]): string {
  const { state, startedAtMs, endedAtMs = nowMs, cancelled } = run;
  const after = startedAtMs === undefined ? '' : ` after ${inWords(endedAtMs - startedAtMs)}`;
  const failed = named(run, 'failed');
  switch (state) {
    case 'queued':
      return lane === undefined ? 'waits to begin' : explainQueuedRun(lane, kind);
    case 'running': {
      const ended = run.graph.tasks.filter(({ id }) => isFinished(run.tasks[id]!)).length;
      const trouble = failed === '' ? '' : `; ${failed} failed`;
      return `has been running for ${inWords(nowMs - startedAtMs!)}: ${ended} of ${run.graph.tasks.length} tasks have ended${trouble}`;
    }
    case 'success':
      return `succeeded${after}${failed === '' ? '' : `, although ${failed} failed: a task behind has dealt with it`}`;
    case 'failed':
      return cancelled === undefined
        ? `failed${after}, because ${failed === '' ? 'it was decided by hand' : `${failed} failed`}`
        : `was cancelled${after}${aside(cancelled)}`;
  }
}

const NAMED_MAX = 3;

function named(run: RunState, state: 'failed'): string {
  const ids = run.graph.tasks.filter(({ id }) => run.tasks[id]!.state === state).map(({ id }) => quoted(id));
  const more = ids.length > NAMED_MAX ? [`${ids.length - NAMED_MAX} more`] : [];
  const all = [...ids.slice(0, NAMED_MAX), ...more];
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
