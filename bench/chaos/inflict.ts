/** Does a fault to the drill, and undoes it when its time is up; says in words what was done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, Member } from './fleet.ts';
import type { Order } from './member.ts';
import type { MortalRedis } from './mortal-redis.ts';
import type { Fault } from './plan-faults.ts';

export interface Victims {
  readonly fleet: Fleet;
  readonly redis: MortalRedis;
  /** Sets back a task of some run, with all behind it; says which, or that there was none. */
  clearSome(pick: number): Promise<Inflicted>;
}

/** In words; or that there was nobody to do it to. Whether a process that was told to crash at a step gets there shows later. */
export type Inflicted = string | { readonly missed: string };

/** Resolves when the fault is over. Faults may overlap. */
export async function inflict(fault: Fault, { fleet, redis, clearSome }: Victims): Promise<Inflicted> {
  switch (fault.kind) {
    case 'kill-worker':
      return kill(fleet.workers[fault.at]!, 'SIGKILL');
    case 'kill-scheduler':
      return kill(fleet.schedulers[fault.at]!, 'SIGKILL');
    case 'drain-worker':
      return kill(fleet.workers[fault.at]!, 'SIGTERM');
    case 'kill-child': {
      const pid = (await fleet.workers[fault.at]!.childPids())[0];
      if (pid === undefined) return { missed: 'no child process to kill' };
      process.kill(pid, 'SIGKILL');
      return `child ${pid}`;
    }
    case 'crash-worker':
      return tell(
        fleet.workers[fault.at]!,
        { order: 'crash-at', step: fault.step, passes: fault.passes },
        `at pass ${fault.passes} of ${fault.step}`,
      );
    case 'crash-scheduler': {
      // Only one leads, and comes to such a step: whichever it is, now or later.
      const order = { order: 'crash-at', step: fault.step, passes: fault.passes } as const;
      const told = fleet.schedulers.filter((scheduler) => scheduler.tell(order));
      return `${told.length} of them, at pass ${fault.passes} of ${fault.step}`;
    }
    case 'block-worker':
      return tell(fleet.workers[fault.at]!, { order: 'block', ms: fault.ms }, `for ${fault.ms} ms`);
    case 'stop-worker':
      return freeze(fleet.workers[fault.at]!, fault.ms);
    case 'stop-scheduler':
      return freeze(fleet.schedulers[fault.at]!, fault.ms);
    case 'half-open-worker':
      return silence(fleet.workers, fault.at);
    case 'half-open-scheduler':
      return silence(fleet.schedulers, fault.at);
    case 'shift-clock-worker':
      return tell(
        fleet.workers[fault.at]!,
        { order: 'shift-clock', ms: fault.ms },
        `by ${fault.ms / 3_600_000} h`,
      );
    case 'shift-clock-scheduler':
      return tell(
        fleet.schedulers[fault.at]!,
        { order: 'shift-clock', ms: fault.ms },
        `by ${fault.ms / 3_600_000} h`,
      );
    case 'kill-redis':
      await redis.kill();
      await sleep(fault.ms);
      await redis.start();
      return `away for ${fault.ms} ms`;
    case 'freeze-redis':
      redis.freeze();
      await sleep(fault.ms);
      redis.thaw();
      return `for ${fault.ms} ms`;
    case 'clear-run':
      return clearSome(fault.at);
  }
}

function kill(member: Member, signal: NodeJS.Signals): Inflicted {
  return member.signal(signal) ? `process ${member.pid}` : { missed: 'it was down already' };
}

function tell(member: Member, order: Order, note: string): Inflicted {
  return member.tell(order) ? `process ${member.pid} ${note}` : { missed: 'it was down already' };
}

/** Of one that has connections: the one that was meant may be starting. */
function silence(members: readonly Member[], at: number): Inflicted {
  for (let n = 0; n < members.length; n += 1) {
    const { proxy, pid } = members[(at + n) % members.length]!;
    const silenced = proxy.silence();
    if (silenced > 0) return `${silenced} connections of process ${pid}`;
  }
  return { missed: 'nobody has a connection' };
}

async function freeze(member: Member, ms: number): Promise<Inflicted> {
  const { pid } = member;
  if (!member.signal('SIGSTOP')) return { missed: 'it was down already' };
  await sleep(ms);
  // Another process may have its seat by now, and has not been frozen; a dead one cannot be woken.
  if (member.pid === pid) member.signal('SIGCONT');
  return `process ${pid} for ${ms} ms`;
}
