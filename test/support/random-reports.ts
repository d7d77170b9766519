/** What a running attempt reports, drawn by a number: mostly lists, now and then everything else that can happen. */
import type { DagGraph } from '../../engine/graph.ts';
import type { RunEvent, TaskInstance } from '../../engine/run-state.ts';

export const LEASE_MS = 500;
const LIST_MAX = 4;

/** `variant` is 0..999; equal ones report equally. */
export function reportOf(
  graph: DagGraph,
  taskId: string,
  { mapIndex, attempt, token }: TaskInstance,
  variant: number,
  nowMs: number,
): RunEvent {
  const held = { taskId, mapIndex, attempt, token: token!, nowMs };
  const failed = (message: string) => ({
    ...held,
    type: 'fail' as const,
    error: { code: 'FL_TASK_FAILED', message },
  });
  const detail = Math.floor(variant / 20);
  switch (variant % 20) {
    case 0:
    case 1:
    case 2:
      return { ...failed('no luck'), retryable: true, random: variant / 1000 };
    case 3:
      return { ...failed('no use'), retryable: false, random: 0 };
    case 4:
      return { ...failed('later'), retryable: true, delayMs: 7, random: 0 };
    case 5:
      return { type: 'skip', ...held, note: 'nothing to do' };
    case 6: {
      const limit = detail % 2 ? { timeoutMs: 300 } : {};
      return { type: 'reschedule', ...held, delayMs: 50, ...limit, note: 'not there yet' };
    }
    case 7:
      return { type: 'heartbeat', ...held, leaseMs: LEASE_MS };
    case 8:
      return { type: 'finish', ...held, shortCircuit: 'enough' };
    case 9:
    case 10: {
      const behind = graph.tasks.filter(({ upstream }) => upstream.includes(taskId)).map(({ id }) => id);
      const notFollowed = mapIndex === -1 ? behind.filter((_id, n) => (detail >> n) % 2 === 0) : [];
      return { type: 'finish', ...held, result: [1], listLength: 1, notFollowed };
    }
    default: {
      const listLength = detail % (LIST_MAX + 1);
      const result = Array.from({ length: listLength }, (_, n) => n);
      return { type: 'finish', ...held, result, ...(mapIndex === -1 ? { listLength } : {}) };
    }
  }
}
