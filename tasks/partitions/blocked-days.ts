/** Days whose last run was kept from publishing by its checks: nothing of it is in the tables, only its results are in the lake. */
import type { ExpectedFacts, RunFacts } from '../../engine/partition-state.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { PartitionHead } from '../../lake/partition-heads.ts';
import { checkId, type DayChecks } from '../checks/check-result.ts';
import { CHECKS_TABLE, listBlocked, readCheckResults } from '../checks/check-store.ts';

/** Documents that are read, of the last days; each is a request. */
const READ_MAX = 200;
const TOLD_MAX = 3;

/** Of the days between both, included, whose blocked run is newer than what readers see. One listing, however many days there are. */
export async function readBlockedDays(
  lake: ObjectStore,
  heads: readonly PartitionHead[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<ReadonlyMap<string, DayChecks>> {
  const published = new Map(
    heads.filter(({ table }) => table === CHECKS_TABLE).map(({ day, digest }) => [day, digest.token]),
  );
  const blocked = [...(await listBlocked(lake))].filter(
    ([day, token]) => day >= from && day <= to && token > (published.get(day) ?? ''),
  );
  const read = blocked
    .slice(-READ_MAX)
    .map(async ([day, token]) => [day, await readCheckResults(lake, day, token)] as const);
  const found = await Promise.all(read);
  return new Map(
    found.flatMap(([day, checks]) => (checks?.status === 'blocked' ? [[day, checks] as const] : [])),
  );
}

/** Undefined when a run would now make the day of something else: what blocked it may be mended. */
export function blockedRun(checks: DayChecks | undefined, expected: ExpectedFacts): RunFacts | undefined {
  if (checks === undefined || expected.unread.length > 0) return undefined;
  const { recipe, results, runId, checkedAt } = checks;
  const isSame =
    recipe.inputsDigest === expected.inputsDigest &&
    recipe.codeVersion === expected.codeVersion &&
    recipe.definitionVersion === expected.definitionVersion &&
    recipe.paramsDigest === expected.paramsDigest;
  if (!isSame) return undefined;
  const blocking = results.filter(({ status }) => status === 'blocked');
  const told = blocking.slice(0, TOLD_MAX).map((result) => `${checkId(result)}: ${result.detail}`);
  const rest = blocking.length > TOLD_MAX ? ` and ${blocking.length - TOLD_MAX} more` : '';
  const error = `its checks block it: ${told.join('; ')}${rest}`;
  return { runId, state: 'failed', endedAtMs: Date.parse(checkedAt), error };
}
