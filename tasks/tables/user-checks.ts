/** What is checked of the tables about users before they are published. */
import {
  checksOf,
  everyRow,
  inRange,
  nullShareBelow,
  oneOf,
  refersTo,
  sumEquals,
  usual,
} from '../checks/declare.ts';
import { END_REASONS } from '../dwell/user-view.ts';
import { FLYER_VIEWS, USER_DAY, USER_FLYER_DAY } from './user-tables.ts';

// Whole milliseconds: a sum of doubles depends on its order.
const DWELL_MS = 'coalesce(sum(round(dwell_s * 1000)::BIGINT), 0)';

export const FLYER_VIEWS_CHECKS = checksOf(
  FLYER_VIEWS,
  inRange('dwell_s', 0, 'max_view_s'),
  inRange('observed_s', 0),
  inRange('n_events', 1),
  oneOf('end_reason', END_REASONS),
  everyRow(
    'measured_has_dwell',
    '(measured = 1) = (dwell_s IS NOT NULL)',
    'dwell_s is there when measured is 1, and only then',
  ),
  nullShareBelow('merchant_id', 0.5),
  usual('unmeasured_share', 'avg(1 - measured)', 'the same share of views without dwell', 0.02),
);

export const USER_FLYER_DAY_CHECKS = checksOf(
  USER_FLYER_DAY,
  inRange('dwell_s', 0),
  inRange('views', 1),
  refersTo('user_day', 'user_id'),
  sumEquals('views_add_up', 'views add up to the rows of flyer_views', 'sum(views)', {
    table: 'flyer_views',
    sql: 'count(*)',
  }),
  sumEquals('dwell_adds_up', 'dwell_s adds up to that of flyer_views, to the millisecond', DWELL_MS, {
    table: 'flyer_views',
    sql: DWELL_MS,
  }),
);

export const USER_DAY_CHECKS = checksOf(
  USER_DAY,
  inRange('dwell_s', 0),
  inRange('views', 1),
  inRange('avg_time_on_flyer_s', 0),
  sumEquals('views_add_up', 'views add up to those of user_flyer_day', 'sum(views)', {
    table: 'user_flyer_day',
    sql: 'sum(views)',
  }),
  sumEquals('flyers_add_up', 'flyers add up to the rows of user_flyer_day', 'sum(flyers)', {
    table: 'user_flyer_day',
    sql: 'count(*)',
  }),
  sumEquals('dwell_adds_up', 'dwell_s adds up to that of user_flyer_day, to the millisecond', DWELL_MS, {
    table: 'user_flyer_day',
    sql: DWELL_MS,
  }),
  usual('dwell', 'coalesce(sum(dwell_s), 0)', 'as much dwell in all'),
  usual('dwell_per_user', 'coalesce(sum(dwell_s) / count(dwell_s), 0)', 'as much dwell per user'),
);
