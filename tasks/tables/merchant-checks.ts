/** What is checked of the tables that merchants see, and of the counters of data quality, before they are published. */
import { checksOf, everyRow, inRange, refersTo } from '../checks/declare.ts';
import { DQ_DAY } from './dq-table.ts';
import { FLYER_DAY, MERCHANT_METRICS } from './merchant-tables.ts';

/** Of both: rows that say too much of few people must say nothing (R16). */
const METRICS_CHECKS = [
  inRange('dwell_s', 0),
  inRange('unmeasured_share', 0, 1),
  inRange('bounce_share', 0, 1),
  inRange('long_gap_share', 0, 1),
  everyRow(
    'suppressed_is_blank',
    'suppressed = 0 OR coalesce(users, views, dwell_s, avg_dwell_per_user_s, favorites) IS NULL',
    'users, views, dwell and favourites of suppressed rows are blank',
  ),
  everyRow(
    'measured_of_views',
    'suppressed = 1 OR (measured_users <= users AND measured_views <= views)',
    'no more users and views are measured than there are',
  ),
];

export const MERCHANT_METRICS_CHECKS = checksOf(MERCHANT_METRICS, ...METRICS_CHECKS);

export const FLYER_DAY_CHECKS = checksOf(
  FLYER_DAY,
  ...METRICS_CHECKS,
  refersTo('merchant_metrics', 'merchant_id'),
);

export const DQ_DAY_CHECKS = checksOf(DQ_DAY, inRange('value', 0));
