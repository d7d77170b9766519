/** Which days of a preview are published: all, or nothing is. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { Day } from '../../lake/lake-keys.ts';
import type { Preview } from '../../lake/preview/preview-doc.ts';
import type { PreviewDay } from './preview-days.ts';

const DAYS_TOLD_MAX = 5;

/** All days but those that are published as they were computed. Throws FL_PREVIEW_DRIFTED, FL_PREVIEW_STATE and FL_CHECK_FAILED. */
export function publishable({ id }: Preview, days: readonly PreviewDay[]): Day[] {
  const refused = (status: PreviewDay['status']) => days.filter((day) => day.status === status);
  const told = (some: readonly PreviewDay[]) => {
    const shown = some.slice(0, DAYS_TOLD_MAX).map(({ day, reason }) => `${day}: ${reason}`);
    const more = some.length > shown.length ? `; and ${some.length - shown.length} more days` : '';
    return `${shown.join('; ')}${more}`;
  };
  const [drifted, missing, blocked] = [refused('drifted'), refused('missing'), refused('blocked')];
  const subject = `Preview ${id}`;
  if (drifted.length > 0) {
    throw new FlyerlineError('FL_PREVIEW_DRIFTED', {
      subject,
      reason: `is not what a run would compute now: ${told(drifted)}`,
      remedy: 'stage the days again, and look at them again',
      retryable: false,
    });
  }
  if (missing.length > 0) {
    throw new FlyerlineError('FL_PREVIEW_STATE', {
      subject,
      reason: `is not complete: ${told(missing)}`,
      remedy: 'wait for its runs to end, resume its backfill, or stage the days again',
      retryable: false,
    });
  }
  if (blocked.length > 0) {
    throw new FlyerlineError('FL_CHECK_FAILED', {
      subject,
      reason: `is not published: ${told(blocked)}`,
      remedy: 'mend what the checks name, and stage the days again',
      retryable: false,
    });
  }
  return days.filter(({ status }) => status !== 'unchanged').map(({ day }) => day);
}
