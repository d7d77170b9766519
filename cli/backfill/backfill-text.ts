/** Backfills as text: lists, one with its progress, and what commands about them say. */
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import type { BackfillProgress } from '../../engine/backfill/backfill-progress.ts';
import type { BackfillState, BackfillStatus } from '../../engine/backfill/backfill-store.ts';
import type { Drift } from '../../engine/backfill/plan-backfill.ts';
import { PROGRAM } from '../help.ts';
import { bar } from '../terminal/bar.ts';
import { formatCount, formatDuration, style, table } from '../terminal.ts';

const DAYS_SHOWN_MAX = 10;
const BAR_WIDTH = 24;

export function backfillsTable(states: readonly BackfillState[]): string {
  if (states.length === 0) return 'There are no backfills.';
  return table(states, [
    { header: 'Backfill', value: ({ id }) => id },
    { header: 'DAG', value: ({ dagId }) => dagId },
    { header: 'From', value: ({ from }) => from },
    { header: 'To', value: ({ to }) => to },
    { header: 'Days', value: ({ runDays }) => formatCount(runDays), align: 'right' },
    { header: 'Status', value: ({ status }) => statusText(status) },
    { header: 'By', value: ({ executor }) => executorText(executor) },
    { header: 'Planned', value: ({ createdAtMs }) => clock(createdAtMs) },
  ]);
}

export function backfillText(plan: BackfillPlan, state: BackfillState, progress: BackfillProgress): string {
  const { summary } = plan;
  const { total, done, failed, running, queued, notHandedOver, failedDays, etaMs, status } = progress;
  const counts = [
    `${formatCount(done)} of ${formatCount(total)} days done`,
    ...(failed > 0 ? [style.red(`${formatCount(failed)} failed`)] : []),
    ...(running > 0 ? [style.cyan(`${formatCount(running)} running`)] : []),
    ...(queued > 0 ? [`${formatCount(queued)} queued`] : []),
    ...(notHandedOver > 0 ? [`${formatCount(notHandedOver)} not begun`] : []),
    ...(etaMs === null ? [] : [`about ${formatDuration(etaMs)} left`]),
  ];
  const shown = failedDays.slice(0, DAYS_SHOWN_MAX).join(', ');
  const more = failedDays.length > DAYS_SHOWN_MAX ? ` and ${failedDays.length - DAYS_SHOWN_MAX} more` : '';
  return [
    `${style.bold(`Backfill ${plan.id}`)} of ${plan.dagId}, ${summary.from} to ${summary.to}  ${statusText(status)}`,
    style.dim(
      `planned ${clock(plan.createdAtMs)}, reprocess ${plan.reprocess.join(', ')}, ${executorText(state.executor)}, ` +
        `${plan.fused ? 'fused, ' : ''}${state.maxActive} at a time, parameters ${JSON.stringify(plan.params)}`,
    ),
    `${style.green(bar(done + failed, total, BAR_WIDTH).padEnd(BAR_WIDTH, '░'))}  ${counts.join(', ')}`,
    ...(failedDays.length > 0 ? [`${style.red('failed:')} ${shown}${more}`] : []),
    ...nextStep(plan.id, status),
  ].join('\n');
}

function nextStep(id: string, status: BackfillStatus): string[] {
  const next: Partial<Record<BackfillStatus, string>> = {
    planned: 'apply',
    paused: 'resume',
    cancelled: 'resume',
    failed: 'resume',
  };
  const verb = next[status];
  return verb === undefined ? [] : [style.dim(`${PROGRAM} backfill ${verb} ${id}`)];
}

export function dryRunText(plan: BackfillPlan, drift: readonly Drift[]): string {
  const days = plan.days.filter(({ action }) => action === 'run');
  const lines = days.slice(0, 40).map(({ day, why }) => `  ${day}  ${why}`);
  const hidden = days.length > 40 ? [`  and ${formatCount(days.length - 40)} more`] : [];
  const would = `Would run ${formatCount(days.length)} days:\n${[...lines, ...hidden].join('\n')}`;
  if (drift.length === 0) return would;
  const told = drift.map(({ day, was, is }) => `  ${day}  was ${was}\n${' '.repeat(14)}is ${is}`);
  return `${would}\n\n${style.yellow('Would be refused, for things have changed:')}\n${told.join('\n')}`;
}

export function handedOverText(said: {
  readonly id: string;
  readonly status: BackfillStatus;
  /** Runs. */
  readonly handedOver: number;
  readonly days: number;
  readonly fused: boolean;
}): string {
  const { id, status, handedOver, days, fused } = said;
  // After a pause: its runs are there, and go on.
  const none = fused ? days === 0 : handedOver === 0;
  const what = none
    ? 'nothing had to be handed over again'
    : fused
      ? `${formatCount(days)} ${days === 1 ? 'day' : 'days'} handed over in one run`
      : `${formatCount(handedOver)} ${handedOver === 1 ? 'run' : 'runs'} handed over`;
  return (
    `${style.green('✓')} ${what}; the backfill is ${statusText(status)}\n` +
    style.dim(`${PROGRAM} backfill show ${id} --watch`)
  );
}

export function endText(
  id: string,
  status: BackfillStatus,
  { done, failed, total }: { readonly done: number; readonly failed: number; readonly total: number },
): string {
  const sign = status === 'done' ? style.green('✓') : style.yellow('–');
  const counts = `${formatCount(done)} of ${formatCount(total)} days done${failed > 0 ? `, ${failed} failed` : ''}`;
  return [`${sign} backfill ${id} is ${statusText(status)}: ${counts}`, ...nextStep(id, status)].join('\n');
}

export function statusText(status: BackfillStatus): string {
  switch (status) {
    case 'done':
      return style.green(status);
    case 'running':
      return style.cyan(status);
    case 'failed':
      return style.red(status);
    case 'paused':
    case 'cancelled':
      return style.yellow(status);
    case 'planned':
      return style.dim(status);
  }
}

const executorText = (executor: BackfillState['executor']): string =>
  executor === null ? '' : executor === 'local' ? 'in one process' : 'by the workers';

const clock = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
