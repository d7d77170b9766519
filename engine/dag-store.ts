/** DAGs as Redis knows them: what faces show of them, whether they are paused, and up to when their intervals have runs. */
import type { Dag } from './dag.ts';
import type { RedisEngine } from './redis-engine.ts';
import { putGraph } from './redis-graph.ts';
import { ACTIVE_RUNS_MAX_DEFAULT } from './run-store.ts';

export interface DagRow {
  readonly dagId: string;
  readonly description: string;
  readonly schedule: string | null;
  readonly timezone: string;
  readonly version: string;
  readonly taskCount: number;
  readonly paused: boolean;
  /** End of the latest data interval that has a run. */
  readonly coveredUntilMs?: number;
}

export interface DagStore {
  /** Makes a DAG known, or known anew. Whether it is paused stays as it is; `paused` is for one never seen before. */
  register(dag: Dag, options?: { readonly paused?: boolean | undefined }): Promise<void>;
  list(): Promise<readonly DagRow[]>;
  /** Undefined when no scheduler has registered it. */
  get(dagId: string): Promise<DagRow | undefined>;
  /** A paused DAG gets no scheduled runs, and those that wait do not begin. Active runs and those by hand go on. */
  pause(dagId: string, paused: boolean): Promise<void>;
  /** Moves the cursor on; never back. */
  coverUntil(dagId: string, endMs: number): Promise<void>;
}

export function dagStore(engine: RedisEngine): DagStore {
  const { redis, keys } = engine;
  const get = async (dagId: string): Promise<DagRow | undefined> => {
    const hash = await redis.hgetall(keys.dag(dagId));
    return hash.version === undefined ? undefined : toRow(dagId, hash);
  };
  const pause = async (dagId: string, paused: boolean) => {
    const multi = redis.multi().hset(keys.dag(dagId), 'paused', paused ? '1' : '0');
    if (paused) multi.hset(keys.lane(dagId), 'paused', 'scheduled');
    else multi.hdel(keys.lane(dagId), 'paused');
    await multi.exec();
  };
  return {
    get,
    pause,
    async register(dag, { paused = false } = {}) {
      const {
        description = '',
        schedule,
        timezone = 'UTC',
        activeRunsMax = ACTIVE_RUNS_MAX_DEFAULT,
      } = dag.options;
      await putGraph(redis, keys, dag.graph);
      await redis.hset(keys.dag(dag.id), {
        description,
        schedule: schedule ?? '',
        timezone,
        version: dag.graph.version,
        taskCount: dag.graph.tasks.length,
      });
      await redis.hset(keys.lane(dag.id), 'max', activeRunsMax);
      if ((await redis.hsetnx(keys.dag(dag.id), 'paused', paused ? '1' : '0')) === 1 && paused) {
        await pause(dag.id, true);
      }
    },
    async list() {
      const ids = (await redis.smembers(keys.dags)).sort();
      const rows = await Promise.all(ids.map(get));
      return rows.filter((row) => row !== undefined);
    },
    async coverUntil(dagId, endMs) {
      await engine.run('advance-cursor', [dagId, endMs]);
    },
  };
}

function toRow(dagId: string, hash: Readonly<Record<string, string>>): DagRow {
  return {
    dagId,
    description: hash.description ?? '',
    schedule: hash.schedule === '' ? null : (hash.schedule ?? null),
    timezone: hash.timezone ?? 'UTC',
    version: hash.version!,
    taskCount: Number(hash.taskCount),
    paused: hash.paused === '1',
    ...(hash.coveredUntilMs === undefined ? {} : { coveredUntilMs: Number(hash.coveredUntilMs) }),
  };
}
