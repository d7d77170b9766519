/** What a task may throw to say more than "failed": skip me, ask me again later, retry me then. */

/** Ends the task instance as skipped. */
export class SkipTask extends Error {
  override readonly name = 'SkipTask';
}

/** Gives the worker back and asks again after `delayMs`; uses up no retry. What a sensor throws while it waits. */
export class RescheduleTask extends Error {
  override readonly name = 'RescheduleTask';
  readonly delayMs: number;
  /** The instance fails when it has waited longer than this in all, counted from its first attempt. */
  readonly timeoutMs: number | undefined;

  constructor(
    reason: string,
    options: { readonly delayMs: number; readonly timeoutMs?: number | undefined },
  ) {
    super(reason);
    this.delayMs = options.delayMs;
    this.timeoutMs = options.timeoutMs;
  }
}

/** Fails the attempt; the next one starts after `delayMs` instead of the policy's backoff (a rate limit said so, for example). */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly delayMs: number;

  constructor(reason: string, options: { readonly delayMs: number; readonly cause?: unknown }) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.delayMs = options.delayMs;
  }
}
