/** Runs of the history in the lake that are older than somebody wants to know. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/object-store.ts';

const DAY_MS = 86_400_000;

export const RUNS_KEPT_MS = 365 * DAY_MS;
/** Redis has the logs of the last week itself; less would tear holes into what people look at. */
export const RUNS_KEPT_MIN_MS = 7 * DAY_MS;

export interface OldRunsOptions {
  /** How long runs stay after they ended for the last time. @default 365 days; at least 7 */
  readonly keptMs?: number;
  readonly nowMs?: number;
}

/** A document of an old run. */
export interface OldRun extends ObjectInfo {
  readonly kind: 'run';
}

/**
 * All documents of the runs that ended longer ago, those of a run together, the run's own before its logs. The latest run of each
 * DAG stays, however old: it tells how far the DAG was. So do graphs, of which there are few, and the state. Reads listings
 * only. Throws FL_CONFIG_INVALID for a time that is too short.
 */
export async function* findOldRuns(store: ObjectStore, options: OldRunsOptions = {}): AsyncGenerator<OldRun> {
  const { keptMs = RUNS_KEPT_MS, nowMs = Date.now() } = options;
  checkOldRuns({ keptMs });
  for await (const runs of dagsOf(store)) {
    const endedAtMs = (objects: readonly ObjectInfo[]) =>
      Math.max(...objects.map(({ lastModifiedMs }) => lastModifiedMs));
    const latest = [...runs.values()].reduce((a, b) => (endedAtMs(b) >= endedAtMs(a) ? b : a));
    for (const objects of runs.values()) {
      if (objects === latest || nowMs - endedAtMs(objects) <= keptMs) continue;
      // A run without its logs would be one that said nothing; logs without a run are nobody's.
      const inOrder = objects.toSorted((a, b) => Number(isLog(a)) - Number(isLog(b)));
      for (const object of inOrder) yield { ...object, kind: 'run' };
    }
  }
}

/** For who is about to delete other things first. Throws FL_CONFIG_INVALID for a time that is too short. */
export function checkOldRuns({ keptMs = RUNS_KEPT_MS }: OldRunsOptions): void {
  if (!(keptMs >= RUNS_KEPT_MIN_MS)) throw tooShort();
}

/** Returns how many documents are gone, each told of when it is. */
export async function deleteOldRuns(
  store: ObjectStore,
  options: OldRunsOptions = {},
  onDeleted: (object: OldRun) => void = () => undefined,
): Promise<number> {
  let count = 0;
  for await (const object of findOldRuns(store, options)) {
    await store.delete(object.key);
    count += 1;
    onDeleted(object);
  }
  return count;
}

const isLog = ({ key }: ObjectInfo): boolean => key.endsWith('.logs.json.gz');

/** One DAG of one installation at a time, by run: listings are in the order of keys. */
async function* dagsOf(store: ObjectStore): AsyncGenerator<ReadonlyMap<string, readonly ObjectInfo[]>> {
  let current = '';
  let runs = new Map<string, ObjectInfo[]>();
  for await (const object of store.list('runs/')) {
    const [, dag, run] =
      /^(runs\/[^/]+\/[^_/][^/]*)\/([^/]+)\/\d{10}\.(?:logs\.)?json\.gz$/.exec(object.key) ?? [];
    if (dag === undefined) continue;
    if (dag !== current && runs.size > 0) yield runs;
    if (dag !== current) [current, runs] = [dag, new Map()];
    const known = runs.get(run!);
    if (known === undefined) runs.set(run!, [object]);
    else known.push(object);
  }
  if (runs.size > 0) yield runs;
}

function tooShort(): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'Garbage collection',
    reason: 'was asked to keep the history of runs for less than a week',
    remedy: 'keep runs for 7 days or more',
    retryable: false,
  });
}
