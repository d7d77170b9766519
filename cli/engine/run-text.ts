/** Runs and their task instances as text: lists, and one run with all that it is made of. */
import type { RunRow, RunView, TaskView } from '../../engine/run-view.ts';
import { formatCount, formatDuration, style, table } from '../terminal.ts';

/** A mapped task with more instances is shown in sums. */
const INSTANCES_SHOWN_MAX = 12;

export function runsTable(runs: readonly RunRow[]): string {
  if (runs.length === 0) return 'There are no runs.';
  return table(runs, [
    { header: 'DAG', value: ({ dagId }) => dagId },
    { header: 'Run', value: ({ runId }) => runId },
    { header: 'State', value: ({ state }) => stateText(state) },
    { header: 'Tasks', value: tasksDone, align: 'right' },
    { header: 'Started', value: ({ startedAtMs }) => clock(startedAtMs) },
    { header: 'Took', value: took, align: 'right' },
    { header: 'Note', value: ({ cancelled, note }) => cancelled ?? note ?? ' ', widthMax: 50 },
  ]);
}

export function runText(run: RunView): string {
  const head = [
    `${style.bold(run.dagId)} ${run.runId}  ${stateText(run.state)}`,
    style.dim(
      `interval ${run.interval.startIso} to ${run.interval.endIso}, parameters ${JSON.stringify(run.params)}${run.conf === undefined ? '' : `, conf ${JSON.stringify(run.conf)}`}${run.code === undefined ? '' : `, made by ${run.code}`}`,
    ),
    ...(run.cancelled === undefined ? [] : [style.yellow(run.cancelled)]),
  ];
  return [...head, '', tasksTable(run.tasks)].join('\n');
}

function tasksTable(tasks: readonly TaskView[]): string {
  const rows = [...Map.groupBy(tasks, ({ taskId }) => taskId).values()].flatMap((instances) =>
    instances.length > INSTANCES_SHOWN_MAX ? [sumOf(instances)] : instances.map(lineOf),
  );
  return table(rows, [
    { header: 'Task', value: ({ task }) => task },
    { header: 'State', value: ({ state }) => state },
    { header: 'Attempts', value: ({ attempts }) => attempts, align: 'right' },
    { header: 'Took', value: ({ took }) => took, align: 'right' },
    { header: 'Worker', value: ({ worker }) => worker, widthMax: 30 },
    { header: '', value: ({ why }) => why || ' ', widthMax: 90 },
  ]);
}

function lineOf(task: TaskView) {
  const { progress } = task;
  const progressText =
    progress === undefined ? undefined : `${progress.done}/${progress.total} ${progress.note ?? ''}`;
  return {
    task: `${task.taskId}${task.mapIndex < 0 ? '' : `[${task.mapIndex}]`}`,
    state: stateText(task.state),
    attempts: task.attempts === 0 ? undefined : task.attempts,
    took: task.startedAtMs === undefined ? undefined : formatDuration(task.durationMs),
    worker: task.worker,
    why: progressText ?? task.error?.message ?? task.note ?? '',
  };
}

function sumOf(instances: readonly TaskView[]) {
  const states = [...Map.groupBy(instances, ({ state }) => state)];
  return {
    task: `${instances[0]!.taskId}[${formatCount(instances.length)}]`,
    state: states.map(([state, all]) => `${formatCount(all.length)} ${stateText(state)}`).join(', '),
    attempts: Math.max(...instances.map(({ attempts }) => attempts)),
    took: formatDuration(Math.max(...instances.map(({ durationMs }) => durationMs))),
    worker: undefined,
    why:
      instances.find(({ error, state }) => state === 'failed' && error !== undefined)?.error?.message ?? '',
  };
}

export function stateText(state: string): string {
  switch (state) {
    case 'success':
      return style.green(state);
    case 'failed':
    case 'upstream_failed':
      return style.red(state);
    case 'running':
      return style.cyan(state);
    case 'skipped':
    case 'up_for_retry':
    case 'up_for_reschedule':
      return style.yellow(state);
    default:
      return style.dim(state);
  }
}

function tasksDone({ taskCount, unfinished }: RunRow): string {
  return `${formatCount(taskCount - unfinished)}/${formatCount(taskCount)}`;
}

function took({ startedAtMs, endedAtMs = Date.now() }: RunRow): string | undefined {
  return startedAtMs === undefined ? undefined : formatDuration(Math.max(0, endedAtMs - startedAtMs));
}

function clock(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
