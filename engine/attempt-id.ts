/** Names one attempt everywhere in Redis, in BullMQ and in logs: `<run>.<task>.<mapIndex>.<attempt>`. */

export interface AttemptId {
  /** Number of the run. */
  readonly run: string;
  /** Place of the task in the graph. */
  readonly task: number;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  readonly attempt: number;
}

/** BullMQ takes it as a job id: it holds no ':' and is no number. */
export function formatAttemptId({ run, task, mapIndex, attempt }: AttemptId): string {
  return `${run}.${task}.${mapIndex}.${attempt}`;
}

/** Undefined when the text is no attempt id. */
export function parseAttemptId(text: string): AttemptId | undefined {
  const match = /^(\d+)\.(\d+)\.(-1|\d+)\.(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, run, task, mapIndex, attempt] = match;
  return { run: run!, task: Number(task), mapIndex: Number(mapIndex), attempt: Number(attempt) };
}
