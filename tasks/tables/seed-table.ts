/** The table of the original exercise, for those who compare: its formula is not the product's. */
import type { TableSchema } from '../../lake/table-schema.ts';

export const SEED_COMPAT: TableSchema = {
  name: 'seed_compat',
  description: "The original exercise's average, for comparison only: not the time on flyers.",
  key: ['user_id', 'merchant_id', 'day'],
  exported: true,
  columns: [
    { name: 'user_id', type: 'string', description: 'The shopper, as written.', rule: 'seed' },
    {
      name: 'merchant_id',
      type: 'string',
      nullable: true,
      description: 'The merchant as written, spelled nulls and all; NULL: an empty field.',
      rule: 'seed',
    },
    { name: 'day', type: 'date', description: 'The date in the text of the timestamp.', rule: 'seed' },
    {
      name: 'avg_time',
      type: 'string',
      description:
        '(last − first timestamp) ÷ number of rows, as Spark 3.0 prints it: 1 hours 37 minutes 41.5 seconds.',
      rule: 'seed',
    },
    {
      name: 'avg_time_in_Sec',
      type: 'double',
      unit: 's',
      csv: 'average',
      description: 'The same number in seconds, to the microsecond.',
      rule: 'seed',
    },
  ],
};
