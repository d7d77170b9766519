/** The error of a message that a receiver did not take. */
import { FlyerlineError } from '../errors.ts';

/** @param retryable whether the same message may be taken later: not when the receiver has refused it for good. */
export function notTaken(
  receiver: string,
  reason: string,
  retryable: boolean,
  cause?: unknown,
): FlyerlineError {
  return new FlyerlineError('FL_NOTIFY_FAILED', {
    subject: receiver,
    reason: `did not take the message (${reason})`,
    remedy: 'correct the channel or its receiver, then try ./flyerline notify test',
    retryable,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What is wrong in one line: fetch and sockets hide it in causes and codes. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  const inner = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : undefined;
  return (inner ?? error.message).replace(/\s+/g, ' ').slice(0, 300);
}
