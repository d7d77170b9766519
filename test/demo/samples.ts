/** Plain data for the demo's presentation: runs at several moments, and what a perfect pipeline would find. */
import type { MeasuredDay } from '../../cli/demo/measured-day.ts';
import type { RunSummary, TaskSummary } from '../../engine/run-summary.ts';
import type { Truth } from '../../tasks/generate-drops.ts';

export const TASK_IDS = [
  'ingest-drops',
  'cleanse-events',
  'compute-dwell',
  'build-reports',
  'check-day',
  'publish-day',
  'export-parquet',
  'export-csv',
  'update-catalog',
];

export function aTask(taskId: string, more: Partial<TaskSummary> = {}): TaskSummary {
  return { taskId, mapIndex: -1, state: 'success', attempts: 1, durationMs: 321, ...more };
}

export function aRun(day: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    dagId: 'nightly',
    runId: `scheduled__${day}T00:00:00-04:00`,
    state: 'success',
    day,
    startedAtMs: 0,
    durationMs: 2345,
    tasks: TASK_IDS.map((id) => aTask(id)),
    ...more,
  };
}

/** What the exports would say if nothing went wrong. */
export function perfectDay(truth: Truth, day: string, suppressedBelow = 0): MeasuredDay {
  const expected = truth.days.find((d) => d.day === day)!;
  const { users, views, dwell_s } = expected.views;
  const dq = Object.fromEntries(Object.entries(expected).filter(([, value]) => typeof value === 'number'));
  return {
    day,
    dq: dq as Record<string, number>,
    shoppers: { users, views, dwell_s },
    merchants: expected.merchants.map((merchant) => {
      const suppressed = merchant.measured_users < suppressedBelow;
      const { merchant_id, users, measured_users, views, measured_views, item_opens, dwell_s } = merchant;
      const figures = { users, measured_users, views, measured_views, item_opens, dwell_s };
      return {
        merchant_id,
        suppressed,
        ...(suppressed
          ? { ...figures, ...Object.fromEntries(Object.keys(figures).map((name) => [name, undefined])) }
          : figures),
      };
    }),
  };
}
