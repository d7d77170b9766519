/** The notifier's memory and the messages that wait, in Redis: what is decided is decided once, whoever else decides. */
import type { Message } from '../../infra/notify/message.ts';
import type { RedisEngine } from '../redis-engine.ts';
import type { Delivery } from './announce.ts';
import type { TaskDurations } from './durations.ts';
import { type Ledger, openLedger } from './ledger.ts';

export interface NotifyStore {
  /** The memory as it is now. */
  open(): Promise<OpenLedger>;
  /** Writes all of it, or nothing and false when another scheduler was faster. */
  commit(opened: OpenLedger, made: LookResult): Promise<boolean>;
  /** Takes the next message of a channel that is due; undefined when none is. Comes back after `leaseMs` unless it is settled. */
  take(channel: string, leaseMs: number): Promise<WaitingMessage | undefined>;
  settle(channel: string, waiting: WaitingMessage, outcome: DeliveryOutcome): Promise<void>;
  health(channel: string): Promise<ChannelHealth>;
}

export interface OpenLedger {
  readonly rev: string;
  readonly ledger: Ledger;
}

export interface LookResult {
  readonly deliveries: readonly Delivery[];
  readonly durations?: readonly { readonly dagId: string; readonly durations: TaskDurations }[];
}

export interface WaitingMessage {
  readonly id: string;
  readonly message: Message;
  /** Deliveries that were tried and failed. */
  readonly failures: number;
  readonly firstFailedAtMs?: number;
}

export type DeliveryOutcome =
  | { readonly type: 'delivered'; readonly atMs: number }
  | { readonly type: 'later'; readonly atMs: number; readonly reason: string; readonly delayMs: number }
  | { readonly type: 'given-up'; readonly atMs: number; readonly reason: string };

/** How a channel does. Counts since Redis knows it. */
export interface ChannelHealth {
  readonly waiting: number;
  readonly delivered: number;
  readonly givenUp: number;
  /** The oldest of too many that waited. */
  readonly dropped: number;
  readonly deliveredAtMs?: number;
  readonly failedAtMs?: number;
  readonly failure?: string;
}

/** Messages of a channel that wait, at most. */
const WAITING_MAX = 1_000;
const FORGET_MS = 3 * 86_400_000;

export function notifyStore(engine: RedisEngine): NotifyStore {
  const { redis, keys } = engine;
  return {
    async open() {
      const { rev = '0', ...fields } = await redis.hgetall(keys.notify);
      return { rev, ledger: openLedger(fields) };
    },
    async commit({ rev, ledger }, { deliveries, durations = [] }) {
      const changes = ledger.changes();
      const idle = Object.keys(changes.set).length + changes.unset.length === 0;
      if (idle && deliveries.length + durations.length === 0) return true;
      const change = {
        ...changes,
        deliveries: deliveries.map(({ channel, message }) => ({
          channel,
          id: message.id,
          json: JSON.stringify({ message, failures: 0 }),
        })),
        durations: durations.map(({ dagId, durations: each }) => ({
          dag: dagId,
          json: JSON.stringify(each),
        })),
      };
      return (await engine.run('notify-commit', [rev, WAITING_MAX, FORGET_MS, JSON.stringify(change)])) === 1;
    },
    async take(channel, leaseMs) {
      const [id, json] = (await engine.run('notify-take', [channel, leaseMs])) as string[];
      return json === undefined
        ? undefined
        : { id: id!, ...(JSON.parse(json) as Omit<WaitingMessage, 'id'>) };
    },
    async settle(channel, { id, message, failures, firstFailedAtMs }, outcome) {
      const [outbox, messages, health] = (['outbox', 'messages', 'health'] as const).map((part) =>
        keys.notifyChannel(channel, part),
      ) as [string, string, string];
      const { atMs } = outcome;
      const multi = redis.multi();
      if (outcome.type === 'later') {
        const next = { message, failures: failures + 1, firstFailedAtMs: firstFailedAtMs ?? atMs };
        multi.zadd(outbox, 'XX', atMs + outcome.delayMs, id).hset(messages, id, JSON.stringify(next));
      } else {
        multi.zrem(outbox, id).hdel(messages, id);
        multi.hincrby(health, outcome.type === 'delivered' ? 'delivered' : 'givenUp', 1);
      }
      if (outcome.type === 'delivered') multi.hset(health, 'deliveredAtMs', atMs);
      else multi.hset(health, { failedAtMs: atMs, failure: outcome.reason });
      await multi.exec();
    },
    async health(channel) {
      const [waiting, hash] = await Promise.all([
        redis.zcard(keys.notifyChannel(channel, 'outbox')),
        redis.hgetall(keys.notifyChannel(channel, 'health')),
      ]);
      const { delivered = 0, givenUp = 0, dropped = 0, deliveredAtMs, failedAtMs, failure } = hash;
      return {
        waiting,
        delivered: Number(delivered),
        givenUp: Number(givenUp),
        dropped: Number(dropped),
        ...(deliveredAtMs === undefined ? {} : { deliveredAtMs: Number(deliveredAtMs) }),
        ...(failedAtMs === undefined ? {} : { failedAtMs: Number(failedAtMs) }),
        ...(failure === undefined ? {} : { failure }),
      };
    },
  };
}
