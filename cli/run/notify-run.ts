/** Tells people of a run in this process, as schedulers do of theirs: same notices, words, channels and throttle, no Redis. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dag } from '../../engine/dag.ts';
import type { LocalEvent, RunSummary } from '../../engine/local-executor.ts';
import { announce, type Delivery } from '../../engine/notify/announce.ts';
import { openLedger } from '../../engine/notify/ledger.ts';
import type { FailureNotice, Notice, NoticeRun, TaskTrouble } from '../../engine/notify/notice.ts';
import { readRestated } from '../../engine/notify/restatement-notices.ts';
import type { Config } from '../../infra/config.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import type { Logger } from '../../infra/log.ts';
import { sendTo } from '../../infra/notify/channel.ts';
import type { ObjectStore } from '../../lake/object-store.ts';

export interface RunNotifier {
  onEvent(event: LocalEvent): void;
  /** Sends what is left to say; when it resolves, every message was delivered or given up. Throws nothing. */
  end(summary: RunSummary): Promise<void>;
}

/** Nobody tries again after this process: so a few times now. */
const RETRY_DELAYS_MS = [1_000, 4_000];
const FAILURES_SHOWN_MAX = 3;

/** Undefined when no channel is configured. */
export async function notifyOfRun(options: {
  readonly dag: Dag;
  readonly day: string;
  readonly config: Config;
  readonly lake: ObjectStore;
  /** Hears of messages that nobody took. */
  readonly log: Logger;
}): Promise<RunNotifier | undefined> {
  const { dag, day, config, lake, log } = options;
  const settings = config.notify;
  if (Object.keys(settings.channels).length === 0) return undefined;
  const ledger = openLedger();
  const sending: Promise<void>[] = [];
  const retried = new Map<string, true>();
  let runId = '';

  const tell = (notices: readonly Notice[], nowMs = Date.now()) => {
    for (const delivery of announce(ledger, notices, settings, nowMs)) {
      sending.push(deliver(delivery, config, log));
    }
  };
  const restated = () =>
    readRestated(lake, ledger).catch((error: unknown) => {
      log.warn('The feeds of the lake could not be read.', { error });
      return [];
    });
  const about = (): NoticeRun => {
    const { timezone = 'UTC' } = dag.options;
    return { dagId: dag.id, runId, kind: 'manual', day, timezone, local: true };
  };
  // Where the feeds end now; what comes behind is of this run, or of another one meanwhile.
  await restated();

  return {
    onEvent(event) {
      if (event.type === 'run-started') runId = event.runId;
      if (event.type !== 'attempt-ended') return;
      const { taskId, mapIndex, attempt, outcome, state } = event;
      const key = `${taskId}.${mapIndex}`;
      const base = { id: `local-${runId}-${key}.${attempt}`, atMs: Date.now(), run: about() };
      if (state === 'up_for_retry' && outcome.kind === 'failure') {
        retried.set(key, true);
        const task = { taskId, mapIndex, attempts: attempt, error: outcome.error };
        tell([{ kind: 'retry', type: 'retry', ...base, task, lost: false }]);
      } else if (state === 'success' && retried.delete(key)) {
        tell([{ kind: 'recovery', type: 'task-recovered', ...base, taskId, mapIndex, attempts: attempt }]);
      }
    },
    async end(summary) {
      if (summary.state === 'failed') tell([runFailed(summary, about())]);
      tell(await restated());
      // The throttle's windows end with the run.
      tell([], Date.now() + settings.throttle.windowMs);
      await Promise.all(sending);
    },
  };
}

function runFailed({ tasks, startedAtMs, durationMs }: RunSummary, run: NoticeRun): FailureNotice {
  const failed = tasks.filter(({ state }) => state === 'failed');
  const atMs = startedAtMs + durationMs;
  return {
    kind: 'failure',
    type: 'run-failed',
    id: `local-${run.runId}-${atMs}`,
    atMs,
    run,
    startedAtMs,
    failures: failed.slice(0, FAILURES_SHOWN_MAX).map(
      ({ taskId, mapIndex, attempts, error, note = '' }): TaskTrouble => ({
        taskId,
        mapIndex,
        attempts,
        error: error ?? { code: 'FL_TASK_FAILED', message: note },
      }),
    ),
    failedCount: failed.length,
    notRunCount: tasks.filter(({ state }) => state === 'upstream_failed').length,
    inARow: 1,
    sinceMs: atMs,
  };
}

async function deliver({ channel, message }: Delivery, { notify }: Config, log: Logger): Promise<void> {
  for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
    try {
      await sendTo(notify.channels[channel]!, message, { name: channel });
      return;
    } catch (error) {
      if (delayMs === undefined || (isFlyerlineError(error) && !error.retryable)) {
        log.error('A message was given up.', { channel, subject: message.subject, error });
        return;
      }
      await sleep(delayMs);
    }
  }
}
