/** The runs when all have ended: the grid, and below it what failed and why. */
import type { TaskError } from '../../engine/run-model.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { wrap } from '../terminal/wrap.ts';
import type { ReportContext } from './report-section.ts';
import { runGrid } from './run-grid.ts';

export function runsReport(
  runs: readonly RunSummary[],
  taskIds: readonly string[],
  context: ReportContext,
): string {
  const byDay = new Map(runs.map((run) => [run.day, run]));
  const grid = runGrid([...byDay.keys()], byDay, taskIds, { ...context, frame: 0 });
  const failures = runs.flatMap(({ day, tasks }) =>
    tasks.flatMap(({ taskId, error }) =>
      error === undefined ? [] : ['', ...failureLines(day, taskId, error, context)],
    ),
  );
  return [...grid, ...failures].join('\n');
}

function failureLines(
  day: string,
  taskId: string,
  { code, message }: TaskError,
  { style, columns }: ReportContext,
): string[] {
  return [
    `${style.red('✗')} ${style.bold(`${taskId} of ${day}`)} ${style.dim(code)}`,
    ...wrap(message, columns - 3).map((line) => `  ${line}`),
  ];
}
