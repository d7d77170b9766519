/** A worker or scheduler as the drill runs it: the real thing, and a hook for what is done to it from inside. */
import { appendFileSync } from 'node:fs';
import { runAsProcess } from '../../workers/run-as-process.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { startWorker } from '../../workers/worker.ts';
import { crashesOf } from './count-faults.ts';

/** What the drill tells a member by its channel. */
export type Order =
  /** It kills itself when it has passed this step so many times. */
  | { readonly order: 'crash-at'; readonly step: string; readonly passes: number }
  /** Its event loop hangs. */
  | { readonly order: 'block'; readonly ms: number }
  /** Its wall clock jumps. */
  | { readonly order: 'shift-clock'; readonly ms: number };

let crash: { readonly step: string; passes: number } | undefined = {
  step: process.env.CHAOS_CRASH_AT ?? '',
  passes: 1,
};

function onStep(step: string): void {
  if (crash?.step !== step) return;
  crash.passes -= 1;
  if (crash.passes > 0) return;
  const { CHAOS_DIR: dir, CHAOS_KIND: kind } = process.env;
  if (dir !== undefined) appendFileSync(crashesOf(dir), `${kind} ${step}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function obey(message: Order): void {
  switch (message.order) {
    case 'crash-at':
      crash = { step: message.step, passes: message.passes };
      return;
    case 'block':
      for (const untilMs = performance.now() + message.ms; performance.now() < untilMs; ) Math.random();
      return;
    case 'shift-clock':
      shiftClock(message.ms);
      return;
  }
}

const realNow = Date.now;
let shiftMs = 0;

/** `new Date()` asks the same clock as `Date.now()`. */
function shiftClock(ms: number): void {
  shiftMs += ms;
  const now = () => realNow() + shiftMs;
  const RealDate = Object.getPrototypeOf(new Date()).constructor as DateConstructor;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

process.on('message', obey);
// Listening must not keep it: it ends when it has drained, as without the drill.
process.channel?.unref();
await runAsProcess(
  process.env.CHAOS_KIND === 'worker'
    ? (config, args) => startWorker(config, { ...args, onStep })
    : (config, args) => startScheduler(config, { ...args, onStep }),
);
