/** Words for deadlines: in danger, missed, met late, kept after all. */
import { inWords } from '../explain-words.ts';
import type { DeadlineNotice } from './notice.ts';
import type { MessageText } from './to-message.ts';
import { commands, counted, instant } from './words.ts';

export function deadlineText(notice: DeadlineNotice): MessageText {
  const { type, run, of, deadlineMs, endMs, why, atMs } = notice;
  const { dagId, day, timezone } = run;
  const what = of === undefined ? `${dagId} of ${day}` : `${of} of ${dagId} ${day}`;
  const due = instant(deadlineMs, timezone);
  const clock = due.slice(due.indexOf(', ') + 2);
  const subject = of === undefined ? `${dagId} ${day}` : `${dagId} ${day}: ${of}`;
  const look = run.runId === '' ? ([`runs list ${dagId}`, 'its runs'] as const) : showRun(notice);
  switch (type) {
    case 'deadline-at-risk':
      return {
        severity: 'warning',
        subject: `${subject} will miss ${clock}`,
        what: `The deadline of ${what} is ${due}, in ${inWords(deadlineMs - atMs)}. ${estimate(notice)}`,
        why,
        since: instant(atMs, timezone),
        todo: remedies(notice),
      };
    case 'deadline-missed':
      return {
        severity: 'error',
        subject: `${subject} missed ${clock}`,
        what: `The deadline of ${what} was ${due}. ${estimate(notice)}`,
        why,
        since: due,
        todo: remedies(notice),
      };
    case 'deadline-met-late':
      return {
        severity: 'ok',
        subject: `${subject} is there, ${inWords(endMs - deadlineMs)} late`,
        what: `The deadline of ${what} was ${due}; it was met on ${instant(endMs, timezone)}.`,
        since: instant(endMs, timezone),
        todo: commands(look),
      };
    case 'deadline-kept':
      return {
        severity: 'ok',
        subject: `${subject} is there, in time after all`,
        what: `The deadline of ${what} is ${due}; it was met ${inWords(deadlineMs - endMs)} before, against the estimate.`,
        since: instant(endMs, timezone),
        todo: commands(look),
      };
  }
}

function estimate({ endMs, deadlineMs, historyCount, obstacle, run }: DeadlineNotice): string {
  if (obstacle === 'failed' || obstacle === 'paused' || obstacle === 'no-run')
    return 'Without help it will not be met.';
  if (historyCount === 0) return 'There is no history to tell when it will be met.';
  const late = endMs > deadlineMs ? `, ${inWords(endMs - deadlineMs)} late` : '';
  return `It is expected on ${instant(endMs, run.timezone)}${late}, as the last ${counted(historyCount, 'run')} went.`;
}

function showRun({ run: { dagId, runId } }: DeadlineNotice) {
  return [`explain run ${dagId} ${runId}`, 'what it waits for, and why'] as const;
}

function remedies(notice: DeadlineNotice): readonly string[] {
  const { dagId, day, runId } = notice.run;
  switch (notice.obstacle) {
    case 'paused':
      return commands(
        [`dags resume ${dagId}`, 'let it run as scheduled'],
        [`trigger ${dagId} --date ${day}`, 'only this day, by hand'],
      );
    case 'no-run':
    case 'not-due':
      return commands(
        [`runs list ${dagId}`, 'its runs'],
        [`trigger ${dagId} --date ${day}`, 'start it now, by hand'],
      );
    case 'failed':
      return commands(showRun(notice), [
        `runs clear ${dagId} ${runId} --failed --downstream --yes`,
        'again, once the cause is gone',
      ]);
    default:
      return commands(showRun(notice));
  }
}
