/** The workers and schedulers of the drill: real processes, each behind a proxy of its own, started again when they have died. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Order } from './member.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export type MemberKind = 'worker' | 'scheduler';

export interface Member {
  readonly kind: MemberKind;
  readonly proxy: TcpProxy;
  readonly pid: number | undefined;
  /** False when the process does not run. */
  signal(signal: NodeJS.Signals): boolean;
  tell(order: Order): boolean;
  /** Process ids of what it has forked. */
  childPids(): Promise<readonly number[]>;
}

export interface Fleet {
  readonly workers: readonly Member[];
  readonly schedulers: readonly Member[];
  /** How often a member has ended and another process has taken its place. */
  readonly restarts: number;
  /** How many did not end within this time after SIGTERM, and were killed: 0 unless one hangs. */
  stop(withinMs: number): Promise<number>;
}

export interface FleetOptions {
  readonly workers: number;
  readonly schedulers: number;
  readonly redisPort: number;
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

const MODULE = join(import.meta.dirname, 'member.ts');
const PIPELINES = join(import.meta.dirname, 'pipelines.ts');
const RESTART_MS = 300;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  let stopping = false;
  let restarts = 0;
  const seats: Seat[] = [];
  const startSeats = (kind: MemberKind, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const seat = await startSeat(kind, at, options, () => {
          if (stopping) return false;
          restarts += 1;
          return true;
        });
        seats.push(seat);
        return seat.member;
      }),
    );
  const schedulers = await startSeats('scheduler', options.schedulers);
  const workers = await startSeats('worker', options.workers);
  return {
    workers,
    schedulers,
    get restarts() {
      return restarts;
    },
    async stop(withinMs) {
      stopping = true;
      const hung = await Promise.all(seats.map((seat) => seat.stop(withinMs)));
      return hung.filter(Boolean).length;
    },
  };
}

interface Seat {
  readonly member: Member;
  /** True when it had to be killed. */
  stop(withinMs: number): Promise<boolean>;
}

async function startSeat(
  kind: MemberKind,
  at: number,
  { redisPort, dir, env }: FleetOptions,
  mayRestart: () => boolean,
): Promise<Seat> {
  const proxy = await startTcpProxy(redisPort);
  const log = openSync(join(dir, `${kind}-${at}.log`), 'a');
  let child: ChildProcess;
  let restarting: NodeJS.Timeout | undefined;
  // Schedulers make the runs that are due as soon as they lead: they are told before they start.
  let crashAt = kind === 'scheduler' ? 'run-made' : '';
  const start = () => {
    child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', MODULE, '--pipelines', PIPELINES],
      {
        env: {
          ...env,
          CHAOS_KIND: kind,
          CHAOS_CRASH_AT: crashAt,
          FLYERLINE_REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
        },
        // In a group of its own, so that Ctrl-C reaches the drill alone; the channel tells it when the drill is gone.
        detached: true,
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
    crashAt = '';
    child.on('error', () => {});
    child.once('exit', () => {
      if (mayRestart()) restarting = setTimeout(start, RESTART_MS);
    });
  };
  start();
  const isUp = () => child.exitCode === null && child.signalCode === null;
  const member: Member = {
    kind,
    proxy,
    get pid() {
      return child.pid;
    },
    signal: (signal) => isUp() && child.kill(signal),
    tell(order) {
      if (!child.connected) return false;
      child.send(order, () => {});
      return true;
    },
    childPids: () => childrenOf(child.pid),
  };
  return {
    member,
    async stop(withinMs) {
      clearTimeout(restarting);
      let hung = false;
      if (isUp()) {
        const gone = once(child, 'exit');
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        const timer = setTimeout(() => {
          hung = true;
          child.kill('SIGKILL');
        }, withinMs);
        await gone;
        clearTimeout(timer);
      }
      await proxy.close();
      return hung;
    },
  };
}

async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
