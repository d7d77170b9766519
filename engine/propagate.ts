/** How the end of a task travels: to the tasks behind it, from them on, and to the run. */
import { startTask } from './expansion.ts';
import type { RunDraft } from './run-draft.ts';
import { endRun, endUnstarted, meaningOf } from './settle.ts';
import { verdictOf } from './trigger-rules.ts';

/**
 * Tells the tasks behind each finished one, in topological order, and decides them; those that finish without running are put
 * at the end of `finished`. The run ends with its last task. Each edge is walked once.
 */
export function propagate(draft: RunDraft, finished: string[], nowMs: number): void {
  for (let next = 0; next < finished.length; next += 1) {
    const taskId = finished[next]!;
    for (const behind of draft.index.downstream.get(taskId)!) {
      const { upstream } = draft.editTask(behind);
      upstream.unfinished -= 1;
      upstream[meaningOf(draft.task(taskId), behind)] += 1;
      decide(draft, behind, finished, nowMs);
    }
  }
  if (draft.run.unfinished === 0) endRun(draft, nowMs);
}

/** Applies its trigger rule to a task that has not been decided yet. */
export function decide(draft: RunDraft, taskId: string, finished: string[], nowMs: number): void {
  const { state, upstream } = draft.task(taskId);
  if (state !== 'none' || draft.run.state !== 'running') return;
  const verdict = verdictOf(draft.node(taskId).triggerRule, upstream);
  if (verdict === 'run') startTask(draft, taskId, finished, nowMs);
  else if (verdict === 'upstream_failed') endUnstarted(draft, taskId, 'upstream_failed', finished, { nowMs });
  else if (verdict !== 'wait')
    endUnstarted(draft, taskId, 'skipped', finished, { nowMs, cut: verdict === 'cut' });
}
