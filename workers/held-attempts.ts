/** The attempts a worker holds: keeps their leases alive, and tells those that are lost, cancelled or cleared to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptStore, HeldAttempt } from '../engine/attempt-store.ts';
import type { Progress } from '../engine/run-attempt.ts';
import type { Logger } from '../infra/log.ts';
import { within } from './within.ts';

export interface HeldAttempts {
  /** Number of attempts that are held now. */
  readonly count: number;
  /** Holds an attempt until it is released. */
  hold(attempt: HeldAttempt): Hold;
  /** Lets all leases run out now and aborts everything: others take over at once. */
  abandon(): Promise<void>;
  /** Stops the heartbeats. */
  close(): void;
}

export interface Hold {
  /** Aborted when the attempt must stop. */
  readonly signal: AbortSignal;
  report(progress: Progress): void;
  /** Its end is being reported: the lease is kept alive, but it is no surprise any more when the attempt is not ours. */
  settle(): void;
  release(): void;
}

/** Frequent enough for a cancel to end an attempt within two seconds: the next heartbeat, and the grace before the kill. */
const HEARTBEAT_MAX_MS = 500;
const ABANDON_MAX_MS = 2_000;

interface Held {
  readonly attempt: HeldAttempt;
  readonly controller: AbortController;
  progress: Progress | undefined;
  settling: boolean;
}

export function holdAttempts(store: AttemptStore, leaseMs: number, log: Logger): HeldAttempts {
  const held = new Set<Held>();
  let beating = false;

  const beat = async (lease = leaseMs) => {
    // One at a time: when Redis is away, beats must not pile up.
    if (beating || held.size === 0) return;
    beating = true;
    const asked = [...held];
    try {
      const alive = await store.heartbeat(
        asked.map(({ attempt, progress }) => ({ ...attempt, progress })),
        lease,
      );
      for (const [at, entry] of asked.entries()) {
        entry.progress = undefined;
        if (alive[at] === true || entry.settling || !held.has(entry)) continue;
        log.warn('An attempt is not ours any more and is stopped.', { attemptId: entry.attempt.attemptId });
        entry.controller.abort(new Error('The attempt was cancelled, cleared or lost its lease.'));
      }
    } catch (error) {
      log.warn('A heartbeat did not reach Redis.', { error });
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), Math.min(HEARTBEAT_MAX_MS, leaseMs / 3));

  return {
    get count() {
      return held.size;
    },
    hold(attempt) {
      const entry: Held = {
        attempt,
        controller: new AbortController(),
        progress: undefined,
        settling: false,
      };
      held.add(entry);
      return {
        signal: entry.controller.signal,
        report: (progress) => {
          entry.progress = progress;
        },
        settle: () => {
          entry.settling = true;
        },
        release: () => held.delete(entry),
      };
    },
    async abandon() {
      const release = async () => {
        while (beating) await sleep(5);
        await beat(0);
      };
      // When Redis is away, the leases run out by themselves.
      await within(ABANDON_MAX_MS, release());
      for (const { controller } of held) controller.abort(new Error('The worker is stopping.'));
    },
    close: () => clearInterval(timer),
  };
}
