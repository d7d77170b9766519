/** Finds a DAG by the name a person gave. */
import type { Dag } from '../engine/dag.ts';
import { FlyerlineError } from '../infra/errors.ts';
import { dags } from './index.ts';

/** Throws FL_DAG_UNKNOWN, and says which there are. */
export function findDag(id: string): Dag {
  const found = dags.find((dag) => dag.id === id);
  if (found !== undefined) return found;
  throw new FlyerlineError('FL_DAG_UNKNOWN', {
    subject: `DAG "${id}"`,
    reason: 'is not registered',
    remedy: `choose one of: ${dags.map((dag) => dag.id).join(', ')}`,
    retryable: false,
  });
}
