/** Every check of the day pipeline, in the order of the tables. `docs/reference/checks.md` is checked against it. */
import { CLEAN_EVENTS_CHECKS, REJECTED_EVENTS_CHECKS } from '../tables/event-checks.ts';
import { DQ_DAY_CHECKS, FLYER_DAY_CHECKS, MERCHANT_METRICS_CHECKS } from '../tables/merchant-checks.ts';
import { FLYER_VIEWS_CHECKS, USER_DAY_CHECKS, USER_FLYER_DAY_CHECKS } from '../tables/user-checks.ts';
import { checkId } from './check-result.ts';
import type { Check } from './declare.ts';

export const CHECKS: readonly Check[] = [
  ...CLEAN_EVENTS_CHECKS,
  ...REJECTED_EVENTS_CHECKS,
  ...FLYER_VIEWS_CHECKS,
  ...USER_FLYER_DAY_CHECKS,
  ...USER_DAY_CHECKS,
  ...MERCHANT_METRICS_CHECKS,
  ...FLYER_DAY_CHECKS,
  ...DQ_DAY_CHECKS,
];

/** By `table.name`. */
export const CHECK_BY_ID: ReadonlyMap<string, Check> = new Map(
  CHECKS.map((check) => [checkId(check), check]),
);
