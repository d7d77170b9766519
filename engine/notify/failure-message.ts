/** Words for failures, retries and recoveries. */
import { inWords } from '../explain-words.ts';
import type { FailureNotice, RecoveryNotice, RetryNotice } from './notice.ts';
import type { MessageText } from './to-message.ts';
import { commands, counted, instant, logsCommand, runTitle, taskTitle, troubleText } from './words.ts';

const RUNS_LISTED_MAX = 5;

export function failureText(notice: FailureNotice): MessageText {
  return notice.type === 'run-failed' ? runFailed(notice) : taskFailed(notice);
}

function runFailed(notice: FailureNotice & { readonly type: 'run-failed' }): MessageText {
  const { run, failures, failedCount, notRunCount, cancelled, inARow, sinceMs, startedAtMs, atMs } = notice;
  const { dagId, runId, timezone } = run;
  const [first] = failures;
  const others = failedCount > 1 ? ` and ${counted(failedCount - 1, 'other')}` : '';
  const end = cancelled === undefined ? 'failed' : 'was cancelled';
  const where = first === undefined || cancelled !== undefined ? '' : ` at ${taskTitle(first)}${others}`;
  const behind = notRunCount === 0 ? '' : ` ${counted(notRunCount, 'task')} did not run for it.`;
  const more = failedCount > failures.length ? [`… and ${failedCount - failures.length} more`] : [];
  const took = startedAtMs === undefined ? '' : `, ${inWords(atMs - startedAtMs)} after its start`;
  const row =
    inARow > 1
      ? `\n${counted(inARow, 'run')} of ${dagId} failed in a row, the first on ${instant(sinceMs, timezone)}`
      : '';
  return {
    severity: cancelled === undefined ? 'error' : 'warning',
    subject: `${runTitle(run)} ${end}${where}`,
    what: `Run ${runId} of ${dagId} ${cancelled === undefined ? 'has failed' : 'was cancelled'}.${behind}`,
    why: cancelled ?? [...failures.map(troubleText), ...more].join('\n'),
    since: `${instant(atMs, timezone)}${took}${row}`,
    todo: run.local
      ? commands([`run ${dagId} --date ${run.day}`, 'again, once the cause is gone'])
      : commands(
          ...(first === undefined ? [] : [logsCommand(run, first)]),
          [`runs show ${dagId} ${runId}`, 'all its tasks'],
          [`runs clear ${dagId} ${runId} --failed --downstream --yes`, 'again, once the cause is gone'],
        ),
  };
}

function taskFailed({ run, task, atMs }: FailureNotice & { readonly type: 'task-failed' }): MessageText {
  const { dagId, runId, timezone } = run;
  return {
    severity: 'error',
    subject: `${runTitle(run)}: ${taskTitle(task)} failed, the run goes on`,
    what: `${taskTitle(task)} is not tried again. Run ${runId} of ${dagId} goes on with what does not depend on it.`,
    why: troubleText(task),
    since: instant(atMs, timezone),
    todo: commands(logsCommand(run, task), [
      `runs clear ${dagId} ${runId} --task ${task.taskId} --downstream --yes`,
      'again, once the cause is gone',
    ]),
  };
}

export function retryText({ run, task, lost, dueMs, atMs }: RetryNotice): MessageText {
  const { timezone } = run;
  const next = dueMs === undefined || dueMs <= atMs ? 'at once' : `in ${inWords(dueMs - atMs)}`;
  return {
    severity: 'warning',
    subject: `${runTitle(run)}: ${taskTitle(task)} ${lost ? 'lost its worker' : 'failed'} and is tried again`,
    what: `Attempt ${task.attempts} of ${taskTitle(task)} ${lost ? 'was lost' : 'has failed'}; the next one starts ${next}.`,
    why: `${task.error.code}: ${task.error.message}`,
    since: instant(atMs, timezone),
    todo: run.local ? [] : commands(logsCommand(run, task)),
  };
}

export function recoveryText(notice: RecoveryNotice): MessageText {
  const { run, atMs } = notice;
  const { dagId, runId, timezone } = run;
  if (notice.type === 'task-recovered') {
    return {
      severity: 'ok',
      subject: `${runTitle(run)}: ${taskTitle(notice)} succeeded after all`,
      what: `${taskTitle(notice)} has succeeded with attempt ${notice.attempts}.`,
      since: instant(atMs, timezone),
      todo: run.local ? [] : commands([`runs show ${dagId} ${runId}`, 'how the run goes on']),
    };
  }
  const { sameRun, sinceMs, stillFailed } = notice;
  const listed = stillFailed.slice(-RUNS_LISTED_MAX);
  const more = stillFailed.length - listed.length;
  return {
    severity: stillFailed.length === 0 ? 'ok' : 'info',
    subject: sameRun ? `${runTitle(run)} succeeded after all` : `${dagId} works again: ${run.day} succeeded`,
    what: sameRun
      ? `Run ${runId} of ${dagId} had failed and has succeeded now.`
      : `Run ${runId} of ${dagId} has succeeded, as the first one after a failure.`,
    ...(stillFailed.length === 0
      ? {}
      : {
          why: `Still failed and not made good: ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
        }),
    since: `${instant(atMs, timezone)}; it had failed since ${instant(sinceMs, timezone)}`,
    todo:
      listed.length === 0
        ? commands([`runs show ${dagId} ${runId}`, 'how it went'])
        : commands(
            ...listed.map(
              (id) =>
                [`runs clear ${dagId} ${id} --failed --downstream --yes`, 'run what failed again'] as const,
            ),
          ),
  };
}
