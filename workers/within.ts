/** Waits for something, but not for ever: Redis may be away while a process wants to leave. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process that leaves gives Redis to take note of it; what it does not take note of, it finds out by itself. */
export const LEAVE_MAX_MS = 3_000;

/** False when it has failed, or not come within this time. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const done = work.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, sleep(ms, false, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}
