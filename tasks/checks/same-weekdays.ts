/** The figures of the same weekday in the weeks before, as they were found when those days were checked and published. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { readManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { headToken, readTransactions, type Snapshot } from '../../lake/table-log.ts';
import { DAY_MS, dayName, dayNumber } from '../ingest/days.ts';
import type { DayChecks } from './check-result.ts';
import { CHECKS_TABLE, readPassed } from './check-store.ts';

const WEEKS = 7;
const DAYS_A_WEEK = 7;

/** By name of the figure, the most recent first. Days of another definition of the metric are left out. */
export async function readSameWeekdays(
  store: ObjectStore,
  day: string,
  definition: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const snapshot = await readTransactions(store, CHECKS_TABLE);
  const days = Array.from({ length: WEEKS }, (_, week) => dayName(dayNumber(day) - (week + 1) * DAYS_A_WEEK));
  const found = await Promise.all(days.map((one) => readPublished(store, snapshot, one)));
  const history = new Map<string, number[]>();
  for (const checks of found) {
    if (checks === undefined || checks.definition !== definition) continue;
    for (const [name, figure] of Object.entries(checks.figures)) {
      history.set(name, [...(history.get(name) ?? []), figure]);
    }
  }
  return history;
}

/** `Mondays`, for the words of a result. */
export function weekdaysOf(day: string): string {
  const date = new Date(dayNumber(day) * DAY_MS);
  return `${new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(date)}s`;
}

/** What readers see may be a version that a rollback brought back: its files are an older claim's, and so are its results. */
async function readPublished(
  store: ObjectStore,
  snapshot: Snapshot,
  day: string,
): Promise<DayChecks | undefined> {
  const token = headToken(snapshot, day);
  if (token === undefined) return undefined;
  const own = await readPassed(store, day, token);
  if (own !== undefined) return own;
  try {
    const { restores } = await readManifest(store, CHECKS_TABLE, day, token);
    return restores === undefined ? undefined : await readPassed(store, day, restores);
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  }
}
