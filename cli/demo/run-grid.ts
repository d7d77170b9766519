/** Runs as a grid: a line per day, a column per task, each cell with its state and duration. */
import type { RunSummary, TaskSummary } from '../../engine/run-summary.ts';
import { padEnd } from '../terminal/width.ts';
import type { Style } from '../terminal.ts';

export interface GridContext {
  /** Width of the terminal. */
  readonly columns: number;
  readonly style: Style;
  /** Counts redraws; turns the spinners. */
  readonly frame: number;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const DAY_WIDTH = 12;
const RUN_WIDTH = 5;
/** From roomy to tight; the first that fits is taken. `✓ 12.3s` is 7 wide, `✓ 0.3s` 6. */
const LAYOUTS = [
  { cellWidth: 7, gap: '  ', withRun: true },
  { cellWidth: 7, gap: ' ', withRun: true },
  { cellWidth: 6, gap: ' ', withRun: true },
  { cellWidth: 6, gap: ' ', withRun: false },
] as const;

/** Lines of the grid; a run that is not there yet is `undefined`. */
export function runGrid(
  days: readonly string[],
  runs: ReadonlyMap<string, RunSummary>,
  taskIds: readonly string[],
  context: GridContext,
): string[] {
  const { style } = context;
  const names = shortNames(taskIds);
  const { cellWidth, gap, withRun } = fittingLayout(names, context.columns);
  const line = (first: string, cells: readonly string[], run: string) =>
    [
      padEnd(first, DAY_WIDTH),
      ...cells.map((cell, i) => padEnd(cell, Math.max(cellWidth, names[i]!.length))),
      ...(withRun ? [run] : []),
    ]
      .join(gap)
      .trimEnd();
  return [
    style.dim(line('', names, 'run')),
    ...days.map((day) => {
      const run = runs.get(day);
      const cells = taskIds.map((taskId) => taskCell(instancesOf(run, taskId), context));
      return line(
        `${runSign(run, context)} ${day}`,
        cells,
        run === undefined ? '' : style.bold(seconds(run.durationMs)),
      );
    }),
  ];
}

function fittingLayout(names: readonly string[], columns: number): (typeof LAYOUTS)[number] {
  const widthOf = ({ cellWidth, gap, withRun }: (typeof LAYOUTS)[number]) =>
    DAY_WIDTH +
    names.reduce((sum, name) => sum + gap.length + Math.max(cellWidth, name.length), 0) +
    (withRun ? gap.length + RUN_WIDTH : 0);
  return LAYOUTS.find((layout) => widthOf(layout) < columns) ?? LAYOUTS.at(-1)!;
}

/** One line per task instance that ended between two looks at a run; for output that is no terminal. */
export function gridNews(before: RunSummary | undefined, after: RunSummary, context: GridContext): string[] {
  const known = new Map(before?.tasks.map((task) => [`${task.taskId} ${task.mapIndex}`, task.state]));
  return after.tasks
    .filter((task) => isOver(task) && known.get(`${task.taskId} ${task.mapIndex}`) !== task.state)
    .map((task) => {
      const index = task.mapIndex < 0 ? '' : `[${task.mapIndex}]`;
      const why = task.error?.message ?? task.note ?? '';
      return `${taskCell([task], context)}  ${after.day}  ${task.taskId}${index}${why === '' ? '' : `  ${why}`}`;
    });
}

/** Columns have little room: the first word of each task's name, or the last one where several begin alike. */
export function shortNames(taskIds: readonly string[]): string[] {
  const firstWord = (id: string) => id.split('-')[0]!;
  const counts = Map.groupBy(taskIds, firstWord);
  return taskIds.map((id) => (counts.get(firstWord(id))!.length > 1 ? id.split('-').at(-1)! : firstWord(id)));
}

function instancesOf(run: RunSummary | undefined, taskId: string): readonly TaskSummary[] {
  return run?.tasks.filter((task) => task.taskId === taskId) ?? [];
}

function runSign(run: RunSummary | undefined, { style, frame }: GridContext): string {
  switch (run?.state) {
    case 'success':
      return style.green('✓');
    case 'failed':
      return style.red('✗');
    case 'running':
      return style.cyan(SPINNER[frame % SPINNER.length]!);
    default:
      return style.dim('·');
  }
}

/** All instances of one task in one cell. */
function taskCell(instances: readonly TaskSummary[], { style, frame }: GridContext): string {
  const has = (...states: string[]) => instances.some(({ state }) => states.includes(state));
  const took = seconds(Math.max(0, ...instances.map(({ durationMs }) => durationMs)));
  if (has('failed')) return `${style.red('✗')} ${took}`;
  if (has('up_for_retry')) return style.yellow('↻ retry');
  if (has('running')) {
    const done = instances.filter(isOver).length;
    const progress = instances.length > 1 ? `${done}/${instances.length}` : took;
    return style.cyan(`${SPINNER[frame % SPINNER.length]} ${progress}`);
  }
  if (instances.length > 0 && instances.every(({ state }) => state === 'success')) {
    return `${style.green('✓')} ${style.dim(took)}`;
  }
  if (instances.length > 0 && instances.every(isOver))
    return style.yellow(has('skipped') ? '– skip' : '– upstr');
  return style.dim(has('queued') ? '◌' : '·');
}

function isOver({ state }: TaskSummary): boolean {
  return ['success', 'failed', 'skipped', 'upstream_failed', 'removed'].includes(state);
}

/** Always short: `0.3s`, `12.3s`, `204s`. */
function seconds(durationMs: number): string {
  return durationMs < 99_950 ? `${(durationMs / 1000).toFixed(1)}s` : `${Math.round(durationMs / 1000)}s`;
}
