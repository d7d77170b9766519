/** What a look at a deadline means: each piece of news is told once, and only what is news. */
import type { Forecast } from '../deadline.ts';
import type { DeadlineNotice } from './notice.ts';

/** What was seen last of one deadline of one interval; undefined: it was on course. `met` and `late` are final. */
export type DeadlineState = 'at-risk' | 'missed' | 'met' | 'late';

export interface DeadlineNews {
  readonly state: DeadlineState | undefined;
  readonly news?: DeadlineNotice['type'];
}

/** An estimate that gets better again is not told: it may get worse once more. That it ended in time is. */
export function judgeDeadline(
  before: DeadlineState | undefined,
  { verdict, ended }: Pick<Forecast, 'verdict' | 'ended'>,
): DeadlineNews {
  if (before === 'met' || before === 'late') return { state: before };
  if (ended && verdict === 'met' && before !== 'missed') {
    return before === 'at-risk' ? { state: 'met', news: 'deadline-kept' } : { state: 'met' };
  }
  if (ended) return { state: 'late', news: 'deadline-met-late' };
  if (verdict === 'missed') {
    return before === 'missed' ? { state: before } : { state: 'missed', news: 'deadline-missed' };
  }
  return verdict === 'at-risk' && before === undefined
    ? { state: 'at-risk', news: 'deadline-at-risk' }
    : { state: before };
}

/** Of several runs of one interval, the one that serves the deadline best. */
export function bestForecast<F extends { readonly forecast: Forecast }>(found: readonly F[]): F | undefined {
  return found.toSorted(
    (a, b) => rank(a.forecast) - rank(b.forecast) || a.forecast.endMs - b.forecast.endMs,
  )[0];
}

function rank({ ended, verdict }: Forecast): number {
  return ended ? 0 : ['expected', 'at-risk', 'missed'].indexOf(verdict) + 1;
}
