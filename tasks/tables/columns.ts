/** Columns that tables of several files have. */
import type { ColumnSchema } from '../../lake/table-schema.ts';

export const count = (name: string, description: string, rule: string): ColumnSchema => ({
  ...{ name, type: 'int', unit: 'count', description, rule },
});

export const dwell = (description: string): ColumnSchema => ({
  ...{ name: 'dwell_s', type: 'double', nullable: true, unit: 's', description, rule: 'R9' },
});

export const suspectColumn = (description: string): ColumnSchema => ({
  ...{ name: 'suspect', type: 'int', unit: '0/1', description, rule: 'R13' },
});
