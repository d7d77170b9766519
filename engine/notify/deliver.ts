/** Delivers what waits for one channel, one after the other; what a receiver does not take now is tried again later. */
import type { ChannelSettings } from '../../infra/config-notify.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import type { Logger } from '../../infra/log.ts';
import { sendTo } from '../../infra/notify/channel.ts';
import type { DeliveryOutcome, NotifyStore, WaitingMessage } from './notify-store.ts';

export interface DeliverOptions {
  readonly store: NotifyStore;
  readonly channel: string;
  readonly settings: ChannelSettings;
  readonly log: Logger;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** Beyond the sender's own timeout: whoever took a message has died. */
const LEASE_SLACK_MS = 30_000;
const BACKOFF_MS = 5_000;
const BACKOFF_MAX_MS = 600_000;
/** A message of yesterday wakes nobody any more. */
const GIVE_UP_MS = 86_400_000;

/**
 * Until nothing is due, or a receiver fails: then it gets time to recover. Returns whether all went well. A message is
 * delivered at least once: when its sender dies between the answer and the note of it, it comes again with the same id.
 */
export async function deliverDue(options: DeliverOptions): Promise<boolean> {
  const { store, channel, settings, log, signal } = options;
  while (signal?.aborted !== true) {
    const waiting = await store.take(channel, settings.timeoutMs + LEASE_SLACK_MS);
    if (waiting === undefined) return true;
    const outcome = await attempt(options, waiting);
    if (outcome === undefined) return false;
    await store.settle(channel, waiting, outcome);
    const about = { channel, id: waiting.id, subject: waiting.message.subject };
    if (outcome.type === 'delivered') {
      log.info('A message was delivered.', about);
      continue;
    }
    const { reason } = outcome;
    if (outcome.type === 'given-up') log.error('A message was given up.', { ...about, reason });
    else
      log.warn('A message was not taken and is tried again.', { ...about, reason, delayMs: outcome.delayMs });
    if (outcome.type === 'later') return false;
  }
  return true;
}

/** Undefined: it was aborted; the message comes back by itself. */
async function attempt(
  { channel, settings, signal, env }: DeliverOptions,
  { message, failures, firstFailedAtMs }: WaitingMessage,
): Promise<DeliveryOutcome | undefined> {
  try {
    await sendTo(settings, message, { name: channel, signal, ...(env === undefined ? {} : { env }) });
    return { type: 'delivered', atMs: Date.now() };
  } catch (error) {
    if (signal?.aborted) return undefined;
    const atMs = Date.now();
    const reason = error instanceof Error ? error.message : String(error);
    // A setting that is wrong now may be right tomorrow; a receiver that refuses a message for good will not take it then.
    const hopeless = isFlyerlineError(error, 'FL_NOTIFY_FAILED') && !error.retryable;
    if (hopeless || atMs - (firstFailedAtMs ?? atMs) > GIVE_UP_MS) return { type: 'given-up', atMs, reason };
    return { type: 'later', atMs, reason, delayMs: Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MAX_MS) };
  }
}
