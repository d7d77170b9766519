/** Every table of the lake: its columns, types, units and rules. `docs/reference/tables.md` is checked against it. */
import type { TableSchema } from '../lake/table-schema.ts';
import { DQ_DAY } from './tables/dq-table.ts';
import { CLEAN_EVENTS, REJECTED_EVENTS } from './tables/event-tables.ts';
import { FEATURES_USER_DAY, FEATURES_VIEW } from './tables/feature-tables.ts';
import { FLYER_DAY, MERCHANT_DAY, MERCHANT_METRICS } from './tables/merchant-tables.ts';
import { SEED_COMPAT } from './tables/seed-table.ts';
import { FLYER_VIEWS, USER, USER_DAY, USER_FLYER_DAY } from './tables/user-tables.ts';

/** Tables that `nightly` makes from drops, a partition per day, in the order in which they are committed. */
export const PUBLISHED_TABLES: readonly TableSchema[] = [
  CLEAN_EVENTS,
  REJECTED_EVENTS,
  FLYER_VIEWS,
  USER_FLYER_DAY,
  USER_DAY,
  MERCHANT_METRICS,
  FLYER_DAY,
  DQ_DAY,
];

/** All tables with partitions in the lake: then what `nightly` makes from days that are published, and what other DAGs make. */
export const LAKE_TABLES: readonly TableSchema[] = [...PUBLISHED_TABLES, MERCHANT_DAY, SEED_COMPAT];

/** By name, with those that are made on demand for a range of days. */
export const TABLES: Readonly<Record<string, TableSchema>> = Object.fromEntries(
  [...LAKE_TABLES, USER, FEATURES_USER_DAY, FEATURES_VIEW].map((table) => [table.name, table]),
);

export {
  CLEAN_EVENTS,
  DQ_DAY,
  FEATURES_USER_DAY,
  FEATURES_VIEW,
  FLYER_DAY,
  FLYER_VIEWS,
  MERCHANT_DAY,
  MERCHANT_METRICS,
  REJECTED_EVENTS,
  SEED_COMPAT,
  USER,
  USER_DAY,
  USER_FLYER_DAY,
};
