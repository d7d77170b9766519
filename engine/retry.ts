/** When a failed or lost attempt is tried again. */
import type { RetryPolicy } from './graph.ts';

/**
 * Wait before the attempt after failure number `failures` (from 1), in whole ms: backoffMs × factor^(failures-1), at most
 * backoffMaxMs, then ± jitter. `random` is in [0, 1). Multiplied step by step, so that Lua computes the same doubles.
 */
export function retryDelayMs(policy: RetryPolicy, failures: number, random: number): number {
  let delayMs = policy.backoffMs;
  for (let n = 1; n < failures && delayMs < policy.backoffMaxMs; n += 1) delayMs *= policy.backoffFactor;
  delayMs = Math.min(delayMs, policy.backoffMaxMs);
  return Math.floor(delayMs * (1 - policy.jitter + 2 * policy.jitter * random) + 0.5);
}

/** Whether failure number `failures` is followed by another attempt. */
export function mayRetry(policy: RetryPolicy, failures: number, retryable: boolean): boolean {
  return retryable && failures < policy.attemptsMax;
}

/**
 * Wait after loss number `losses` (from 1): none after the first, since a killed worker says nothing about the task; then
 * backoff, since an attempt that takes its worker down each time should not do so in a tight loop.
 */
export function lossDelayMs(policy: RetryPolicy, losses: number, random: number): number {
  return losses === 1 ? 0 : retryDelayMs(policy, losses - 1, random);
}
