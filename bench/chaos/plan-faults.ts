/** The faults of a drill, all of them planned from the seed before it begins: the same seed gives the same plan. */
import { ATTEMPT_STEPS } from '../../workers/run-claimed.ts';
import { chanceOf } from './seeded.ts';

/** `at` a worker or scheduler: its number. */
export type Fault =
  | { readonly kind: 'kill-worker' | 'kill-scheduler' | 'drain-worker'; readonly at: number }
  /** One of the processes in which a worker runs attempts. */
  | { readonly kind: 'kill-child'; readonly at: number }
  | {
      readonly kind: 'crash-worker';
      readonly at: number;
      readonly step: string;
      readonly passes: number;
    }
  | { readonly kind: 'crash-scheduler'; readonly step: string; readonly passes: number }
  | {
      readonly kind: 'block-worker' | 'stop-worker' | 'stop-scheduler';
      readonly at: number;
      readonly ms: number;
    }
  | { readonly kind: 'half-open-worker' | 'half-open-scheduler'; readonly at: number }
  | {
      readonly kind: 'shift-clock-worker' | 'shift-clock-scheduler';
      readonly at: number;
      readonly ms: number;
    }
  | { readonly kind: 'kill-redis' | 'freeze-redis'; readonly ms: number }
  | { readonly kind: 'clear-run'; readonly at: number };

export type PlannedFault = Fault & { readonly afterMs: number };

export interface DrillSize {
  readonly workers: number;
  readonly schedulers: number;
  readonly durationMs: number;
  readonly leaseMs: number;
}

/** Between two faults, on average; less where the drill is too short for all kinds otherwise. */
const PAUSE_MS = 1_800;
const HOUR_MS = 3_600_000;
/** Of schedulers that run; the other one, `run-made`, is passed when they begin to. */
const SCHEDULER_STEP = 'made-ready';
const WORKER_STEPS = [...ATTEMPT_STEPS, 'made-ready'] as const;

/** Kinds take turns in an order drawn anew for each round, so that even a short drill has seen every one of them. */
export function planFaults(seed: number, size: DrillSize): readonly PlannedFault[] {
  const chance = chanceOf(seed, 'faults');
  const faults: PlannedFault[] = [];
  let round: (typeof KINDS)[number][] = [];
  const pauseMs = Math.min(PAUSE_MS, size.durationMs / (KINDS.length + 3));
  for (let afterMs = pauseMs; afterMs < size.durationMs; afterMs += pauseMs * (0.2 + 1.6 * chance.next())) {
    if (round.length === 0) round = [...KINDS];
    const [kind] = round.splice(Math.floor(chance.next() * round.length), 1);
    faults.push({ afterMs: Math.round(afterMs), ...drawFault(kind!) });
  }
  return faults;

  function drawFault(kind: (typeof KINDS)[number]): Fault {
    const { leaseMs } = size;
    const worker = chance.whole(0, size.workers - 1);
    const scheduler = chance.whole(0, size.schedulers - 1);
    const passes = chance.whole(1, 6);
    const ms = chance.whole(1, 100);
    switch (kind) {
      case 'kill-worker':
      case 'drain-worker':
      case 'kill-child':
      case 'half-open-worker':
        return { kind, at: worker };
      case 'kill-scheduler':
      case 'half-open-scheduler':
        return { kind, at: scheduler };
      case 'crash-worker':
        return { kind, at: worker, step: WORKER_STEPS[ms % WORKER_STEPS.length]!, passes };
      case 'crash-scheduler':
        return { kind, step: SCHEDULER_STEP, passes: 1 + (passes % 2) };
      case 'block-worker':
      case 'stop-worker':
        return { kind, at: worker, ms: Math.round(leaseMs * (1.2 + ms / 100)) };
      case 'stop-scheduler':
        return { kind, at: scheduler, ms: Math.round(leaseMs * (0.5 + ms / 50)) };
      case 'shift-clock-worker':
        return { kind, at: worker, ms: (ms - 50) * HOUR_MS };
      case 'shift-clock-scheduler':
        return { kind, at: scheduler, ms: (ms - 50) * HOUR_MS };
      case 'kill-redis':
        return { kind, ms: 10 * ms };
      case 'freeze-redis':
        return { kind, ms: Math.round((leaseMs * ms) / 60) };
      case 'clear-run':
        return { kind, at: ms };
    }
  }
}

const KINDS = [
  'kill-worker',
  'crash-worker',
  'crash-worker',
  'kill-child',
  'drain-worker',
  'block-worker',
  'stop-worker',
  'half-open-worker',
  'shift-clock-worker',
  'kill-scheduler',
  'crash-scheduler',
  'stop-scheduler',
  'half-open-scheduler',
  'shift-clock-scheduler',
  'kill-redis',
  'freeze-redis',
  'clear-run',
] as const satisfies readonly Fault['kind'][];
