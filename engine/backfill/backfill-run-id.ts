/** How the runs of a backfill are named: by day, by backfill, and by the time it was begun. */
import type { Dag } from '../dag.ts';
import { intervalOfDay } from '../schedule.ts';

/** The run of a day: another one each time the backfill is begun. */
export function backfillRunId(
  { options }: Pick<Dag, 'options'>,
  day: string,
  backfillId: string,
  generation: number,
): string {
  const { startIso } = intervalOfDay(options, day);
  return `backfill__${startIso}__${backfillId}${generation > 1 ? `.${generation}` : ''}`;
}
