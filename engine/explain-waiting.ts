/** What a run's own state does not say: where its attempts wait, and for what; why the run itself has not begun. */
import { quoted } from './explain-words.ts';

/** Around one attempt that waits. */
export interface Surroundings {
  /** `ready`: has no slot or no worker yet. `outbox`: has both, and a worker takes it now. Undefined: it waits nowhere. */
  readonly place?: 'ready' | 'outbox';
  /** The limit of how many attempts run at a time that keeps it waiting: a DAG, or a task as `<dag>.<task>`. */
  readonly limit?: { readonly name: string; readonly max: number };
  /** Attempts that wait before it in its pool. */
  readonly ahead: number;
  readonly pool: { readonly name: string; readonly slotCount?: number; readonly taken: number };
  /** `handCount`: attempts that the workers of the queue can run at a time. */
  readonly queue: { readonly name: string; readonly handCount: number; readonly busy: number };
}

/** Around one run that waits. */
export interface LanePlace {
  readonly name: string;
  readonly paused?: 'all' | 'scheduled';
  readonly activeRuns: number;
  readonly activeRunsMax: number;
  /** Runs that wait before it. */
  readonly ahead: number;
  /** The run that it has to wait for since it depends on the past. */
  readonly before?: { readonly runId: string; readonly state: string };
}

/** `is ready and waits for a worker of queue "gpu": there is none now` */
export function explainReady({ place, ahead, pool, queue, limit }: Surroundings, attempt: number): string {
  if (limit !== undefined) {
    const of = limit.name.includes('.')
      ? `task ${quoted(limit.name.replace(/^[^.]*\./, ''))}`
      : `DAG ${quoted(limit.name)}`;
    return `is ready and waits, because ${limit.max} of ${of} may run at a time, and ${limit.max === 1 ? 'does' : 'do'}`;
  }
  const none = queue.handCount === 0;
  if (place === 'outbox')
    return `is queued as attempt ${attempt} for a worker of queue ${quoted(queue.name)}${none ? ', of which there is none now' : ''}`;
  const line = ahead === 0 ? '' : `, with ${ahead} ${ahead === 1 ? 'attempt' : 'attempts'} before it`;
  if (pool.slotCount !== undefined && pool.taken >= pool.slotCount)
    return `is ready and waits for a slot of pool ${quoted(pool.name)}, whose ${counted(pool.slotCount, 'slot')} ${pool.slotCount === 1 ? 'is' : 'are all'} taken${line}`;
  if (none) return `is ready and waits for a worker of queue ${quoted(queue.name)}: there is none now`;
  return `is ready and waits for a free worker of queue ${quoted(queue.name)}, which has ${queue.busy} of ${queue.handCount} busy${line}`;
}

/** `waits for its turn: 2 of at most 2 runs of "daily" are active, and 1 waits before it` */
export function explainQueuedRun(
  { name, paused, activeRuns, activeRunsMax, ahead, before }: LanePlace,
  kind: string,
): string {
  if (paused === 'all' || (paused === 'scheduled' && kind === 'scheduled'))
    return `waits, because ${quoted(name)} is paused`;
  if (activeRuns >= activeRunsMax) {
    const line = ahead === 0 ? '' : `, and ${ahead} ${ahead === 1 ? 'waits' : 'wait'} before it`;
    return `waits for its turn: ${activeRuns} of at most ${counted(activeRunsMax, 'run')} of ${quoted(name)} ${activeRuns === 1 ? 'is' : 'are'} active${line}`;
  }
  if (before !== undefined)
    return `waits until the run before it, ${before.runId}, has ended well; that one is ${before.state}`;
  if (ahead > 0) return `waits behind ${counted(ahead, 'run')} of ${quoted(name)}`;
  return 'is about to begin, as soon as a scheduler looks';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
