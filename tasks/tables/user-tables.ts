/** The tables about users: views, facts per user and flyer, and users by day and over a range of days. */
import type { ColumnSchema, TableSchema } from '../../lake/table-schema.ts';
import { count, dwell, suspectColumn } from './columns.ts';

const userId: ColumnSchema = { name: 'user_id', type: 'string', description: 'The shopper.', rule: 'R1' };
const day: ColumnSchema = {
  name: 'day',
  type: 'date',
  description: 'Local date of the start of the view.',
  rule: 'R11',
};
const merchantId: ColumnSchema = {
  name: 'merchant_id',
  type: 'string',
  nullable: true,
  description: 'NULL: unknown; part of the identity of the flyer.',
  rule: 'R3',
};
const flyerId: ColumnSchema = { name: 'flyer_id', type: 'string', description: 'The flyer.', rule: 'R3' };
const suspect = suspectColumn('1: too many events for a person; left out of merchant and flyer tables.');
const average = (name: string, description: string): ColumnSchema => ({
  name,
  type: 'double',
  nullable: true,
  unit: 's',
  csv: 'average',
  description,
  rule: 'R14',
});

export const FLYER_VIEWS: TableSchema = {
  name: 'flyer_views',
  description: 'One row per view: the time from opening a flyer to leaving it.',
  key: ['user_id', 'day', 'view_no'],
  exported: true,
  columns: [
    userId,
    day,
    merchantId,
    flyerId,
    count('view_no', 'Number of the view among those of the user and day, from 1, by start.', 'R6'),
    {
      name: 'origin',
      type: 'string',
      description: 'The event that started it: flyer_open or item_open.',
      rule: 'R6',
    },
    {
      name: 'start_ts',
      type: 'double',
      unit: 'epoch s',
      description: 'Instant of the first event.',
      rule: 'R6',
    },
    {
      name: 'last_ts',
      type: 'double',
      unit: 'epoch s',
      description: 'Instant of the last event in the view.',
      rule: 'R7',
    },
    count('n_events', 'Events in the view; the one that ended it is not among them.', 'R7'),
    count('item_opens', 'Items opened in the view.', 'R6'),
    count('reopens', 'Times the open flyer was opened again.', 'R6'),
    {
      name: 'end_reason',
      type: 'string',
      description: 'close, switch, leave; or censored: timeout, end_of_data.',
      rule: 'R9',
    },
    {
      name: 'observed_s',
      type: 'double',
      unit: 's',
      description: 'From the first to the last event in the view.',
      rule: 'R9',
    },
    {
      name: 'tail_s',
      type: 'double',
      nullable: true,
      unit: 's',
      description: 'From the last event in the view to the one that ended it; NULL when censored.',
      rule: 'R9',
    },
    dwell('Time on the flyer, capped; NULL when unmeasured, never 0.'),
    {
      name: 'max_gap_s',
      type: 'double',
      unit: 's',
      description: 'Longest silence in observed_s and tail_s.',
      rule: 'R8',
    },
    { name: 'measured', type: 'int', unit: '0/1', description: '1: dwell_s is known.', rule: 'R9' },
    {
      name: 'capped',
      type: 'int',
      unit: '0/1',
      description: '1: dwell_s was cut to max_view_s.',
      rule: 'R10',
    },
    suspect,
  ],
};

export const USER_FLYER_DAY: TableSchema = {
  name: 'user_flyer_day',
  description:
    "The fact: one row per user, flyer and day. A flyer's views of the day are summed before any average.",
  key: ['user_id', 'day', 'merchant_id', 'flyer_id'],
  exported: true,
  columns: [
    userId,
    day,
    merchantId,
    flyerId,
    count('views', 'Views.', 'R14'),
    count('measured_views', 'Views whose dwell is known.', 'R9'),
    count('bounce_views', 'Measured views shorter than bounce_s.', 'R9'),
    count('item_opens', 'Items opened.', 'R6'),
    {
      name: 'first_open_ts',
      type: 'double',
      unit: 'epoch s',
      description: 'Start of the first view.',
      rule: 'R6',
    },
    dwell('Sum over measured views; NULL when there is none.'),
    suspect,
  ],
};

export const USER_DAY: TableSchema = {
  name: 'user_day',
  description: 'One row per user and day, with the average time on flyer.',
  key: ['user_id', 'day'],
  exported: true,
  columns: [
    userId,
    day,
    count('flyers', 'Flyers viewed.', 'R14'),
    count('measured_flyers', 'Flyers with a measured view.', 'R14'),
    count('views', 'Views.', 'R14'),
    count('measured_views', 'Views whose dwell is known.', 'R9'),
    count('item_opens', 'Items opened in views.', 'R6'),
    dwell('Sum over measured views; NULL when there is none.'),
    average('avg_time_on_flyer_s', 'dwell_s ÷ measured_flyers: the average time on flyer of the user.'),
    average('avg_time_per_view_s', 'dwell_s ÷ measured_views.'),
    average('median_time_on_flyer_s', 'Median of dwell_s over flyers with a measured view.'),
    suspect,
  ],
};

export const USER: TableSchema = {
  name: 'user',
  description: 'One row per user over a range of days: sums of numerators over sums of denominators.',
  key: ['user_id'],
  exported: false,
  columns: [
    userId,
    count('flyers', 'Flyers viewed, counted once a day.', 'R14'),
    count('measured_flyers', 'Flyers with a measured view, counted once a day.', 'R14'),
    count('views', 'Views.', 'R14'),
    count('measured_views', 'Views whose dwell is known.', 'R9'),
    count('item_opens', 'Items opened in views.', 'R6'),
    dwell('Sum over measured views; NULL when there is none.'),
    average('avg_time_on_flyer_s', 'dwell_s ÷ measured_flyers.'),
    average('avg_time_per_view_s', 'dwell_s ÷ measured_views.'),
    average('median_time_on_flyer_s', 'Median of dwell_s over flyers and days with a measured view.'),
    count('active_days', 'Days with a view.', 'R14'),
    count('measured_days', 'Days with a measured view.', 'R14'),
    average('avg_daily_dwell_s', 'dwell_s ÷ measured_days.'),
    suspectColumn('1: suspect on a day of the range.'),
  ],
};
