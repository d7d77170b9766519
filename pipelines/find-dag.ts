/** Finds a DAG by the name a person gave. */
import type { Dag } from '../engine/dag.ts';
import { FlyerlineError } from '../infra/errors.ts';
import { dags } from './index.ts';

/** Throws FL_DAG_UNKNOWN, and says which there are. @param among by default the project's own */
export function findDag(id: string, among: readonly Dag[] = dags): Dag {
  const found = among.find((dag) => dag.id === id);
  if (found !== undefined) return found;
  throw new FlyerlineError('FL_DAG_UNKNOWN', {
    subject: `DAG "${id}"`,
    reason: 'is not registered',
    remedy: `choose one of: ${among.map((dag) => dag.id).join(', ')}`,
    retryable: false,
  });
}
