/** Stores over a prefix of their own, and a hand that works through what becomes ready, without processes. */
import type { Redis } from 'ioredis';
import { attemptStore, type ClaimedAttempt, type FinishReport } from '../../engine/attempt-store.ts';
import type { Dag } from '../../engine/dag.ts';
import { type ReadyAttempt, redisEngine } from '../../engine/redis-engine.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import { type NewRun, type RunRef, runStore } from '../../engine/run-store.ts';
import { intervalOfDay, runIdFor } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';

export type StoreFixture = ReturnType<typeof storeFixture>;

const BY = { token: 'mine', worker: 'hand', leaseMs: 10_000 };

/** `clock`: epoch ms, instead of that of the server. */
export function storeFixture(redis: Redis, prefix: string, clock?: () => number) {
  /** What has been dispatched and not been taken yet. */
  const ready: ReadyAttempt[] = [];
  const onReady = (attempts: readonly ReadyAttempt[]) => ready.push(...attempts);
  const engine = redisEngine({ redis, prefix, onReady, ...(clock && { clock }) });
  const runs = runStore(engine);
  const attempts = attemptStore(engine);
  const claim = async (attemptId: string): Promise<ClaimedAttempt> => {
    const claimed = await attempts.claim(attemptId, BY);
    if (claimed.refusal !== undefined) throw new Error(`${attemptId}: ${claimed.refusal}`);
    return claimed;
  };
  const finish = ({ attemptId, splitsResult }: ClaimedAttempt, report: FinishReport = {}) =>
    attempts.finish({ attemptId, splitsResult, token: BY.token }, report);
  return {
    redis,
    engine,
    keys: engine.keys,
    runs,
    attempts,
    reader: runReader(engine),
    ready,
    claim,
    finish,
    /** As if the workers could run so many attempts of the queue at a time. */
    setHands: (hands: number, queue = 'default') => redis.set(engine.keys.hands(queue), hands),
    async insert(dag: Dag, day = '2018-10-01', settings: Partial<NewRun> = {}): Promise<RunRef> {
      const interval = intervalOfDay(dag.options, day);
      const run = { ...newRun(dag, { kind: 'manual', interval }), ...settings };
      await runs.insertRun(run);
      return { dagId: dag.id, runId: run.runId ?? runIdFor('manual', interval) };
    },
    /** Claims and finishes whatever is ready, until nothing is. Returns the task ids in the order in which they ran. */
    async workOff(reportOf: (claimed: ClaimedAttempt) => FinishReport = () => ({})): Promise<string[]> {
      const ran: string[] = [];
      for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
        const claimed = await claim(next.id);
        ran.push(claimed.taskId);
        await finish(claimed, reportOf(claimed));
      }
      return ran;
    },
  };
}
