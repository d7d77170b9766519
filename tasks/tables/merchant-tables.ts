/** The tables that merchants see: merchants and their flyers by day, without suspects, small groups suppressed. */
import type { ColumnSchema, TableSchema } from '../../lake/table-schema.ts';

/** Every metric is blank (NULL) in a suppressed row (R16). */
const count = (name: string, description: string, rule: string): ColumnSchema => ({
  name,
  type: 'long',
  nullable: true,
  unit: 'count',
  description,
  rule,
});
const share = (name: string, description: string, rule: string): ColumnSchema => ({
  name,
  type: 'double',
  nullable: true,
  unit: 'share',
  csv: 'average',
  description,
  rule,
});
const seconds = (name: string, description: string, rule = 'R14'): ColumnSchema => ({
  name,
  type: 'double',
  nullable: true,
  unit: 's',
  csv: name === 'dwell_s' ? 'seconds' : 'average',
  description,
  rule,
});

const day: ColumnSchema = {
  name: 'day',
  type: 'date',
  description: 'Local date of the start of the views.',
  rule: 'R11',
};
const merchantId: ColumnSchema = {
  name: 'merchant_id',
  type: 'string',
  description: 'The merchant.',
  rule: 'R3',
};

const METRICS: readonly ColumnSchema[] = [
  count('users', 'Users with a view.', 'R14'),
  count('measured_users', 'Users with a measured view.', 'R14'),
  count('views', 'Views.', 'R14'),
  count('measured_views', 'Views whose dwell is known.', 'R9'),
  share('unmeasured_share', 'Views whose dwell is unknown ÷ views.', 'R9'),
  share('partial_share', 'Censored views with observed time ÷ views.', 'R9'),
  seconds('dwell_s', 'Sum over measured views; NULL when there is none.'),
  seconds('avg_dwell_per_user_s', 'dwell_s ÷ measured_users: how long users spend.'),
  seconds('median_dwell_per_user_s', 'Median over measured users of their dwell.', 'R15'),
  seconds('p90_dwell_per_user_s', '90th percentile over measured users of their dwell.', 'R15'),
  seconds('avg_dwell_per_view_s', 'dwell_s ÷ measured_views.'),
  seconds('median_dwell_per_view_s', 'Median over measured views.', 'R15'),
  seconds('p90_dwell_per_view_s', '90th percentile over measured views.', 'R15'),
  count('bounce_views', 'Measured views shorter than bounce_s.', 'R9'),
  share('bounce_share', 'bounce_views ÷ measured_views.', 'R9'),
  count('item_opens', 'Items opened in views.', 'R6'),
  { ...share('item_opens_per_view', 'item_opens ÷ views.', 'R6'), unit: 'count' },
  share(
    'long_gap_share',
    'Part of dwell_s that is the longest silence of its view, when longer than long_gap_s.',
    'R8',
  ),
  count('favorites', 'Favourite events; blank when 1 to k_min_users − 1.', 'R16'),
  {
    name: 'suppressed',
    type: 'int',
    unit: '0/1',
    description: '1: too few measured users to be shown; all metrics are blank.',
    rule: 'R16',
  },
];

const status: ColumnSchema = {
  name: 'status',
  type: 'string',
  description: 'provisional while late events may still come, then final.',
  rule: 'R12',
};

/** Of one metric: its change since three periods. At the end of the table: who reads CSV by position keeps their positions. */
const changes = (metric: string, week: string): readonly ColumnSchema[] =>
  [
    ['vs_prev_day', 'since the day before: 0.2 is a fifth more'],
    ['vs_7d', `against the ${week} of the seven days before`],
    ['vs_same_weekday', 'since seven days before'],
  ].map(([period, since]) => ({
    name: `${metric}_${period}`,
    type: 'double',
    nullable: true,
    unit: 'change',
    csv: 'average',
    description: `Change of ${metric} ${since}.`,
    rule: 'R18',
  }));

export const MERCHANT_METRICS: TableSchema = {
  name: 'merchant_metrics',
  description:
    'What merchant_day is made of: the same without comparisons, and what later days are compared with.',
  key: ['day', 'merchant_id'],
  exported: false,
  columns: [day, merchantId, count('flyers', 'Flyers with a view.', 'R14'), ...METRICS, status],
};

export const MERCHANT_DAY: TableSchema = {
  name: 'merchant_day',
  description: 'How long users spent on the flyers of each merchant.',
  key: ['day', 'merchant_id'],
  exported: true,
  columns: [
    ...MERCHANT_METRICS.columns,
    ...changes('avg_dwell_per_user_s', 'average'),
    ...changes('users', 'mean'),
    ...changes('views', 'mean'),
  ],
};

export const FLYER_DAY: TableSchema = {
  name: 'flyer_day',
  description: 'The leaderboard: the same metrics for each flyer, with its rank among those of its merchant.',
  key: ['day', 'merchant_id', 'flyer_id'],
  exported: true,
  columns: [
    day,
    merchantId,
    { name: 'flyer_id', type: 'string', description: 'The flyer.', rule: 'R3' },
    ...METRICS,
    {
      name: 'rank',
      type: 'int',
      nullable: true,
      unit: 'rank',
      description: 'Within the merchant by dwell_s, then users, then flyer_id; NULL when suppressed.',
      rule: 'R16',
    },
    status,
  ],
};
