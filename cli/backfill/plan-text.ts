/** A plan for people: what would be done and why, what it takes, and whether the nightly run meets it. */
import type { BackfillPlan, PlannedDay } from '../../engine/backfill/backfill-plan.ts';
import { PROGRAM } from '../help.ts';
import { formatCount, formatDuration, style, table } from '../terminal.ts';

/** Longer plans show the beginning; --json has all. */
const LINES_MAX = 40;

export function planText(plan: BackfillPlan, runsKnown: boolean): string {
  const { id, dagId, summary } = plan;
  const head = `${style.bold(`Backfill ${id}`)} of ${dagId}, ${summary.from || '–'} to ${summary.to || '–'}`;
  if (summary.runDays === 0) {
    return [head, daysText(plan), style.green('Nothing is to be done.')].filter(Boolean).join('\n\n');
  }
  const notes = runsKnown ? [] : [style.dim('No Redis answers: runs in flight are not known.')];
  return [
    head,
    daysText(plan),
    [workLine(plan), ...asideLine(plan), ...meetingLine(plan), ...notes].join('\n'),
    `${PROGRAM} backfill apply ${id}`,
  ].join('\n\n');
}

/** Days in a row with the same decision share a line. */
function daysText({ days }: BackfillPlan): string {
  const rows: { from: string; to: string; count: number; day: PlannedDay }[] = [];
  for (const day of days) {
    const last = rows.at(-1);
    const isSame = last !== undefined && last.day.action === day.action && last.day.why === day.why;
    if (isSame) rows[rows.length - 1] = { ...last, to: day.day, count: last.count + 1 };
    else rows.push({ from: day.day, to: day.day, count: 1, day });
  }
  const shown = rows.slice(0, LINES_MAX);
  const hidden = rows.length - shown.length;
  const text = table(shown, [
    { header: 'Day', value: ({ from, to }) => (from === to ? from : `${from} … ${to}`) },
    { header: 'Days', value: ({ count }) => count, align: 'right' },
    { header: '', value: ({ day }) => (day.action === 'run' ? style.green('run') : style.dim('skip')) },
    { header: 'Why', value: ({ day }) => day.why, widthMax: 120 },
  ]);
  return hidden > 0 ? `${text}\n${style.dim(`and ${formatCount(hidden)} more lines; --json has all`)}` : text;
}

function workLine({ summary, maxActive, fused }: BackfillPlan): string {
  const { runDays, days, runPartitions, partitions, taskCount, durationMs, historyRuns } = summary;
  const tasks = fused ? 'in one run' : `${formatCount(taskCount)} tasks or more`;
  const what =
    `${formatCount(runDays)} of ${formatCount(days)} days, ${formatCount(runPartitions)} of ` +
    `${formatCount(partitions)} partitions, ${tasks}`;
  if (durationMs === null) return `${what}. How long it takes is not known: no day has been made yet.`;
  const basis = `as ${formatCount(historyRuns)} earlier ${historyRuns === 1 ? 'run' : 'runs'} did`;
  return `${what}. About ${formatDuration(durationMs)}, ${formatCount(maxActive)} at a time, ${basis}.`;
}

function asideLine({ params }: BackfillPlan): string[] {
  return params.preview === undefined
    ? []
    : [
        `It is computed aside, as preview ${params.preview}: readers see nothing of it until that is published.`,
      ];
}

function meetingLine({ summary }: BackfillPlan): string[] {
  const { nightlyAtMs, endsAtMs, durationMs } = summary;
  if (nightlyAtMs === null || endsAtMs === null || durationMs === null) return [];
  const clock = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (endsAtMs <= nightlyAtMs) {
    return [
      `Begun now, it ends ${formatDuration(nightlyAtMs - endsAtMs)} before the nightly run of ${clock(nightlyAtMs)}.`,
    ];
  }
  const share = Math.round(((nightlyAtMs - (endsAtMs - durationMs)) / durationMs) * 100);
  return [
    style.yellow(
      `It meets the nightly run of ${clock(nightlyAtMs)}, about ${share} % done by then; both share the workers.`,
    ),
  ];
}
