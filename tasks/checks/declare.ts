/** The words in which checks are declared, a line each, beside the tables: `inRange('dwell_s', 0, 7200)`. */
import type { TableSchema } from '../../lake/table-schema.ts';
import type { Severity } from './check-result.ts';
import type { DayFacts } from './day-facts.ts';

/** A figure, or the parameter of the metric that holds it. */
export type Bound = number | 'max_view_s';

/** How it is found out. What `footer` needs costs nothing; all `scan`s of a table are one pass over it. */
export type Measure =
  | { readonly by: 'footer'; readonly what: 'columns' }
  | {
      readonly by: 'footer';
      readonly what: 'range';
      readonly column: string;
      readonly min: number;
      readonly max: Bound;
    }
  | { readonly by: 'footer'; readonly what: 'nulls'; readonly column: string }
  | { readonly by: 'scan'; readonly what: 'key' }
  /** `sql`: a condition that is TRUE for a good row. */
  | { readonly by: 'scan'; readonly what: 'rows'; readonly sql: string }
  /** `sql`: an aggregate, and that of another table which it must equal. */
  | {
      readonly by: 'scan';
      readonly what: 'sum';
      readonly sql: string;
      readonly of: { readonly table: string; readonly sql: string };
    }
  | { readonly by: 'join'; readonly columns: readonly string[]; readonly to: string }
  /** An aggregate of the table, or a figure of the day. */
  | { readonly by: 'history'; readonly of: string | ((facts: DayFacts) => number); readonly floor: number }
  | { readonly by: 'day'; readonly observe: (facts: DayFacts, limit: number) => Observation };

/** What was seen, and whether it is good. */
export interface Observation {
  /** Null: not known. */
  readonly observed: number | null;
  readonly isGood: boolean;
  readonly expected: string;
  readonly detail: string;
  readonly zScore?: number;
  /** To be compared on later days. */
  readonly figure?: number;
}

export interface Check {
  readonly table: string;
  readonly name: string;
  readonly severity: Severity;
  /** The greatest value that passes, where there is one; parameters of a run may set another. */
  readonly limit?: number;
  readonly limitUnit?: 'share' | 'deviations' | 'h';
  /** For the reference: `dwell_s is from 0 to max_view_s`. */
  readonly says: string;
  readonly measure: Measure;
}

/** A check that does not know its table yet. */
export type CheckDraft = Omit<Check, 'table'>;

/** Robust deviations: one in 2,000 days of a normal distribution is further off. */
const DEVIATIONS_MAX = 3.5;

/** The checks of a table: columns, key and the usual number of rows, which every table has, and its own. */
export function checksOf(schema: TableSchema, ...own: readonly CheckDraft[]): Check[] {
  const key = schema.key.join(', ');
  const common: readonly CheckDraft[] = [
    {
      name: 'columns',
      severity: 'block',
      says: 'every file has the declared columns and types, and no NULL where none is declared',
      measure: { by: 'footer', what: 'columns' },
    },
    {
      name: 'unique_key',
      severity: 'block',
      says: `one row per ${key}, in that order`,
      measure: { by: 'scan', what: 'key' },
    },
    usualRows(),
  ];
  return [...common, ...own].map((draft) => ({ table: schema.name, ...draft }));
}

/** The same check, at another severity. */
export const warn = (draft: CheckDraft): CheckDraft => ({ ...draft, severity: 'warn' });

/** @param max a number, or the name of the metric's parameter that holds it; none by default */
export const inRange = (column: string, min: number, max: Bound = Number.POSITIVE_INFINITY): CheckDraft => ({
  name: `${column}_range`,
  severity: 'block',
  says: `${column} is ${max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`}`,
  measure: { by: 'footer', what: 'range', column, min, max },
});

export const nullShareBelow = (column: string, limit: number): CheckDraft => ({
  name: `${column}_nulls`,
  severity: 'warn',
  limit,
  limitUnit: 'share',
  says: `${column} is NULL in no larger share of the rows`,
  measure: { by: 'footer', what: 'nulls', column },
});

/** For a nullable column that has a value all the same; of others `columns` says it. */
export const notNull = (column: string): CheckDraft => ({
  ...nullShareBelow(column, 0),
  severity: 'block',
});

/** @param sql a condition that is TRUE for a good row; `limit` is the share of rows that may break it. */
export const everyRow = (name: string, sql: string, says: string, limit = 0): CheckDraft => ({
  name,
  severity: 'block',
  limit,
  limitUnit: 'share',
  says,
  measure: { by: 'scan', what: 'rows', sql },
});

export const oneOf = (column: string, values: readonly string[]): CheckDraft =>
  everyRow(
    `${column}_known`,
    `${column} IN (${values.map((value) => `'${value}'`).join(', ')})`,
    `${column} is ${values.join(', ')}`,
  );

/** Of whole numbers: sums of doubles depend on their order. */
export const sumEquals = (
  name: string,
  says: string,
  sql: string,
  of: { readonly table: string; readonly sql: string },
): CheckDraft => ({ name, severity: 'block', says, measure: { by: 'scan', what: 'sum', sql, of } });

/** Every row has its counterpart in the other table. */
export const refersTo = (to: string, ...columns: readonly string[]): CheckDraft => ({
  name: `refers_to_${to}`,
  severity: 'block',
  says: `every ${columns.join(', ')} is in ${to}`,
  measure: { by: 'join', columns, to },
});

/** Against the same weekday of the weeks before. */
const usualRows = (): CheckDraft => ({
  name: 'usual_rows',
  severity: 'warn',
  limit: DEVIATIONS_MAX,
  limitUnit: 'deviations',
  says: 'as many rows as on the same weekdays before',
  measure: { by: 'history', of: 'count(*)', floor: 1 },
});

/**
 * @param of an aggregate of the table, or a figure of the day
 * @param floor one deviation is never taken to be less, however steady the days before were
 */
export const usual = (
  name: string,
  of: string | ((facts: DayFacts) => number),
  says: string,
  floor = 1,
): CheckDraft => ({
  name: `usual_${name}`,
  severity: 'warn',
  limit: DEVIATIONS_MAX,
  limitUnit: 'deviations',
  says: `${says} as on the same weekdays before`,
  measure: { by: 'history', of, floor },
});

/** Of the day as a whole: from counts that its tasks have left, not from rows. */
export const ofDay = (
  draft: Omit<CheckDraft, 'measure'>,
  observe: (facts: DayFacts, limit: number) => Observation,
): CheckDraft => ({ ...draft, measure: { by: 'day', observe } });
