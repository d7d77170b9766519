/** The table of data quality: counters of a day, by name. */
import type { TableSchema } from '../../lake/table-schema.ts';

export const DQ_DAY: TableSchema = {
  name: 'dq_day',
  description: 'Data quality: one row per check.',
  key: ['day', 'check'],
  exported: true,
  columns: [
    { name: 'day', type: 'date', description: 'Local date of the events.', rule: 'R11' },
    {
      name: 'check',
      type: 'string',
      description: 'Name of the check; a unit, when not a count, is its last part.',
      rule: 'R1 to R16',
    },
    {
      name: 'value',
      type: 'long',
      unit: 'per check',
      description: 'What was counted; ppm is parts per million.',
      rule: 'R1 to R16',
    },
  ],
};
