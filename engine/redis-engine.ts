/** How the engine's parts reach Redis: one connection, one key prefix, the scripts, and whoever dispatches what becomes ready. */
import type { Redis } from 'ioredis';
import { type EngineKeys, engineKeys } from './redis-keys.ts';
import { refusalOf, type ScriptRefusal } from './redis-refusals.ts';
import { defineScripts, type ScriptArgument } from './redis-scripts.ts';

/** An attempt that has a slot and waits to be added to BullMQ. */
export interface ReadyAttempt {
  readonly id: string;
  readonly queue: string;
  /** Larger runs first. */
  readonly priority: number;
}

export interface RedisEngineOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /**
   * Told what a transition made ready. It should dispatch it at once; what it does not, a scheduler's sweep does some seconds
   * later. Must not throw. @default leaves it to the sweep
   */
  readonly onReady?: (ready: readonly ReadyAttempt[]) => void;
  /** Epoch ms, for tests that replay a history. @default the clock of the Redis server */
  readonly clock?: () => number;
}

export interface RedisEngine {
  readonly redis: Redis;
  /** Of all its keys: names the installation. */
  readonly prefix: string;
  readonly keys: EngineKeys;
  /** Runs a transition script. What it made ready is passed on; the rest of its reply is returned. */
  transition(script: string, args: readonly ScriptArgument[]): Promise<ScriptReply>;
  /** Runs a script that replies something else. */
  run(script: string, args: readonly ScriptArgument[]): Promise<unknown>;
}

export type ScriptReply =
  | { readonly refusal: ScriptRefusal; readonly values?: undefined }
  | { readonly refusal?: undefined; readonly values: readonly unknown[] };

export function redisEngine(options: RedisEngineOptions): RedisEngine {
  const { redis, prefix, onReady = () => {}, clock } = options;
  const keys = engineKeys(prefix);
  const runScript = defineScripts(redis);
  const run: RedisEngine['run'] = (script, args) =>
    runScript(script, [], [keys.base, clock?.() ?? '', ...args]);
  return {
    redis,
    prefix,
    keys,
    run,
    async transition(script, args) {
      const reply = (await run(script, args)) as readonly unknown[];
      const refusal = refusalOf(reply);
      if (refusal !== undefined) return { refusal };
      const [, dispatch, ...values] = reply;
      const ready = toReady(dispatch as readonly string[]);
      if (ready.length > 0) onReady(ready);
      return { values };
    },
  };
}

function toReady(flat: readonly (string | number)[]): ReadyAttempt[] {
  const ready: ReadyAttempt[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    ready.push({ id: String(flat[at]), queue: String(flat[at + 1]), priority: Number(flat[at + 2]) });
  }
  return ready;
}
