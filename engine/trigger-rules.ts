/** Trigger rules: what a task does, given how the tasks before it ended. */
import type { UpstreamCounts } from './run-model.ts';
import type { TriggerRule } from './states.ts';

/** `cut`: skipped, and everything behind it, too. */
export type Verdict = 'wait' | 'run' | 'skip' | 'cut' | 'upstream_failed';

/**
 * Decides when all upstream tasks have ended (`one_success` and `one_failed`: already when they are satisfied), so the verdict
 * depends on how the tasks ended and never on the order in which they did. A short circuit or a branch skips whatever the rule,
 * with two exceptions: another path has satisfied `one_success` or `one_failed`; or a task before it failed and the rule minds,
 * for a failure must not hide behind a skip.
 */
export function verdictOf(rule: TriggerRule, upstream: UpstreamCounts): Verdict {
  const { unfinished, success, skipped, cut, branched } = upstream;
  const failed = upstream.failed + upstream.upstream_failed;
  if (rule === 'one_success' && success > 0) return 'run';
  if (rule === 'one_failed' && failed > 0) return 'run';
  if (unfinished > 0) return 'wait';
  if (failed > 0 && (rule === 'all_success' || rule === 'none_failed')) return 'upstream_failed';
  if (cut > 0) return 'cut';
  if (branched > 0) return 'skip';
  if (success + failed + skipped === 0) return 'run'; // A task without upstream.
  switch (rule) {
    case 'all_success':
      return skipped > 0 ? 'skip' : 'run';
    case 'all_failed':
      return success + skipped > 0 ? 'skip' : 'run';
    case 'all_done':
    case 'none_failed':
      return 'run';
    case 'one_success':
      return failed > 0 ? 'upstream_failed' : 'skip';
    case 'one_failed':
      return 'skip';
    case 'none_skipped':
      return skipped > 0 ? 'skip' : 'run';
  }
}
