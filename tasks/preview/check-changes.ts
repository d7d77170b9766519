/** What the checks found of a preview, beside what they found of the versions that are published. */
import type { Day } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { isPreviewToken } from '../../lake/preview/preview-store.ts';
import { headToken, readTransactions } from '../../lake/table-log.ts';
import { type CheckResult, type CheckStatus, checkId } from '../checks/check-result.ts';
import { CHECKS_TABLE, readCheckResults } from '../checks/check-store.ts';

export interface CheckChange {
  readonly day: Day;
  /** `table.name`. */
  readonly check: string;
  /** Null: it was not made then. */
  readonly before: CheckStatus | null;
  readonly after: CheckStatus;
  readonly severity: CheckResult['severity'];
  readonly detail: string;
}

/** Checks that a preview does not pass, and those that it passes and the published version did not. */
export async function checkChanges(
  lake: ObjectStore,
  aside: ObjectStore,
  days: readonly Day[],
): Promise<CheckChange[]> {
  const [published, computed] = await Promise.all([
    readTransactions(lake, CHECKS_TABLE),
    readTransactions(aside, CHECKS_TABLE),
  ]);
  const changes: CheckChange[] = [];
  for (const day of days) {
    const [was, is] = await Promise.all([
      resultsOf(lake, day, headToken(published, day)),
      resultsOf(aside, day, headToken(computed, day), isPreviewToken),
    ]);
    for (const [check, { status: after, severity, detail }] of is) {
      const before = was.get(check)?.status ?? null;
      if (after !== 'passed' || (before !== null && before !== after))
        changes.push({ day, check, before, after, severity, detail });
    }
  }
  return changes;
}

/** By the name of the check. */
async function resultsOf(
  store: ObjectStore,
  day: Day,
  token: string | undefined,
  isWanted: (token: string) => boolean = () => true,
): Promise<ReadonlyMap<string, CheckResult>> {
  if (token === undefined || !isWanted(token)) return new Map();
  const found = await readCheckResults(store, day, token);
  return new Map(found?.results.map((result) => [checkId(result), result]));
}
