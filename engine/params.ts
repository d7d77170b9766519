/** Run parameters: checked once, when a run is made, by the schema of the DAG and those of its tasks. */
import type { ZodType } from 'zod';
import { FlyerlineError } from '../infra/errors.ts';
import type { AnyTask, Dag } from './dag.ts';

export type RunParams = Readonly<Record<string, unknown>>;

/** The parameters with defaults filled in. Throws FL_PARAMS_INVALID and names each that does not fit. */
export function parseRunParams(dag: Dag, given: RunParams = {}): RunParams {
  const subject = `Parameters of DAG "${dag.id}"`;
  const schema = dag.options.params as ZodType<RunParams> | undefined;
  const params = schema === undefined ? given : parseBy(schema, given, subject);
  for (const [taskId, definition] of dag.definitions) {
    if (definition.params) parseBy(definition.params, params, `${subject} for task "${taskId}"`);
  }
  return params;
}

/** A task's own view of them. */
export function paramsFor(definition: AnyTask, params: RunParams): unknown {
  return definition.params === undefined ? params : definition.params.parse(params);
}

function parseBy(schema: ZodType<RunParams>, given: RunParams, subject: string): RunParams {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new FlyerlineError('FL_PARAMS_INVALID', {
    subject,
    reason: `do not fit (${problems.join('; ')})`,
    remedy: 'correct them and start the run again',
    retryable: false,
  });
}
