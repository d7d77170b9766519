/** The tables for data science, made on demand for a range of days: users under a key that only the holder of the secret can make. */
import type { ColumnSchema, TableSchema } from '../../lake/table-schema.ts';
import { count, dwell, suspectColumn } from './columns.ts';

const userKey: ColumnSchema = {
  name: 'user_key',
  type: 'string',
  description: 'HMAC-SHA-256 of user_id, hex. Still personal data.',
  rule: 'R16',
};
const day: ColumnSchema = { name: 'day', type: 'date', description: 'Local date.', rule: 'R11' };
const suspect = suspectColumn('1: too many events for a person.');
const share = (name: string, description: string, rule: string): ColumnSchema => ({
  ...{ name, type: 'double', nullable: true, unit: 'share', description, rule },
});
const hour = (_: unknown, index: number): ColumnSchema => {
  const two = String(index).padStart(2, '0');
  return count(`hour_${two}`, `Events from ${two}:00 to ${two}:59 local time.`, 'R11');
};

export const FEATURES_USER_DAY: TableSchema = {
  name: 'features_user_day',
  description: 'One row per user and day with an event: what a model may learn from.',
  key: ['user_key', 'day'],
  exported: false,
  columns: [
    userKey,
    day,
    count('views', 'Views.', 'R6'),
    count('flyers', 'Flyers viewed.', 'R3'),
    count('merchants', 'Known merchants of these flyers.', 'R3'),
    dwell('Sum over measured views; NULL when there is none.'),
    {
      ...{ name: 'log1p_dwell_median', type: 'double', nullable: true, unit: 'ln(1 + s)', rule: 'R15' },
      description: 'Median of ln(1 + dwell_s) over measured views.',
    },
    share('bounce_share', 'Measured views shorter than bounce_s, of measured views.', 'R9'),
    {
      ...{ name: 'item_opens_per_view', type: 'double', nullable: true, unit: 'count', rule: 'R6' },
      description: 'Items opened in views ÷ views.',
    },
    share('reopen_share', 'Views whose flyer was opened again in them, of views.', 'R6'),
    count('favourites', 'Favourites, in views or not.', 'R7'),
    count('sessions', 'Silences longer than the timeout, plus 1; a day begins a session.', 'R8'),
    ...Array.from({ length: 24 }, hour),
    share('unmeasured_share', 'Views without dwell, of views.', 'R9'),
    share('merchant_share_top1', 'Views of the most viewed merchant, of views.', 'R6'),
    {
      ...{ name: 'days_since_last', type: 'int', nullable: true, unit: 'days', rule: 'R11' },
      description: "Since the user's day before in the range; NULL for the first.",
    },
    suspect,
  ],
};

export const FEATURES_VIEW: TableSchema = {
  name: 'features_view',
  description: 'One row per view, with the flag that survival models need.',
  key: ['user_key', 'day', 'view_no'],
  exported: false,
  columns: [
    userKey,
    day,
    count('view_no', 'As in flyer_views.', 'R6'),
    { name: 'merchant_id', type: 'string', nullable: true, description: 'NULL: unknown.', rule: 'R3' },
    { name: 'flyer_id', type: 'string', description: 'The flyer.', rule: 'R3' },
    { name: 'origin', type: 'string', description: 'flyer_open or item_open.', rule: 'R6' },
    {
      name: 'start_ts',
      type: 'double',
      unit: 'epoch s',
      description: 'Instant of the first event.',
      rule: 'R6',
    },
    dwell('Time on the flyer, capped; NULL when unmeasured.'),
    {
      ...{ name: 'duration_s', type: 'double', unit: 's', rule: 'R9' },
      description:
        'Time until the end, or until it was last seen: 0 for a single event. Never NULL, not capped.',
    },
    {
      ...{ name: 'ended', type: 'int', unit: '0/1', rule: 'R9' },
      description: '1: the end was seen at duration_s; 0: censored, it lasted longer.',
    },
    { name: 'end_reason', type: 'string', description: 'As in flyer_views.', rule: 'R9' },
    {
      ...{ name: 'previous_end_reason', type: 'string', nullable: true, rule: 'R9' },
      description: "Of the user's view before on this day; NULL for the first.",
    },
    count('n_events', 'Events in the view.', 'R6'),
    count('item_opens', 'Items opened in the view.', 'R6'),
    count('reopens', 'Times the open flyer was opened again.', 'R6'),
    count('session_no', 'Number of the session in the day, from 1.', 'R8'),
    count('position_in_session', 'Number of the view in its session, from 1.', 'R8'),
    suspect,
  ],
};
