/** What a task instance of the drill does, decided by the seed and its name: the same on every attempt, in every process. */
import { shareOf } from './seeded.ts';

export type Behaviour =
  | { readonly kind: 'succeed' | 'fail' | 'exhaust' | 'skip' | 'short-circuit' | 'branch' }
  /** Fails so many times, then succeeds. */
  | { readonly kind: 'flaky'; readonly failures: number }
  /** Gives its worker back so many times. */
  | { readonly kind: 'wait'; readonly pokes: number };

export interface InstanceName {
  readonly seed: number;
  readonly dagId: string;
  readonly taskId: string;
  /** Local day of the run. */
  readonly day: string;
  readonly mapIndex: number;
}

export function behaviourOf({ seed, dagId, taskId, day, mapIndex }: InstanceName): Behaviour {
  const share = shareOf(seed, 'behaviour', dagId, taskId, day, mapIndex);
  const detail = 1 + Math.floor(shareOf(seed, 'detail', dagId, taskId, day, mapIndex) * 2);
  if (share < 0.1) return { kind: 'flaky', failures: detail };
  if (share < 0.14) return { kind: 'fail' };
  if (share < 0.15) return { kind: 'exhaust' };
  if (share < 0.2) return { kind: 'skip' };
  if (share < 0.25) return { kind: 'wait', pokes: detail };
  if (share < 0.28) return { kind: 'short-circuit' };
  if (share < 0.32 && mapIndex === -1) return { kind: 'branch' };
  return { kind: 'succeed' };
}

/** How long it takes, ms: mostly little, now and then long enough to be caught by a fault. */
export function durationOf({ seed, dagId, taskId, day, mapIndex }: InstanceName): number {
  return Math.floor(250 * shareOf(seed, 'duration', dagId, taskId, day, mapIndex) ** 3);
}
