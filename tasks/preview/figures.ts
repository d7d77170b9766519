/** The figures of a table that a preview is compared by, and how they change. */
import type { TableSchema } from '../../lake/table-schema.ts';

/** Null: there is no row to make it of. */
export interface Change {
  readonly before: number | null;
  readonly after: number | null;
}

/** The rows of a table on both sides as texts of queries, each with its partition as `dt`. */
export interface BothRows {
  readonly before: string;
  readonly after: string;
}

export type Figures = Readonly<Record<string, number | null>>;

/** Whether there is more to tell of a table than how many rows it has. */
export const isMeasured = ({ columns }: TableSchema): boolean =>
  columns.some(({ name }) => name === 'dwell_s');

/**
 * Name → SQL over the rows of a table. Dwell is summed in whole milliseconds, since a sum of doubles depends on its order. `users` of
 * tables without user ids is a sum over their rows: a user counts once per merchant and day.
 */
export function figuresOf({ columns }: TableSchema): Readonly<Record<string, string>> {
  const has = (name: string) => columns.some((column) => column.name === name);
  const dwell = 'sum(round(dwell_s * 1000)::BIGINT)::DOUBLE / 1000';
  const figures: Record<string, string> = { rows: 'count(*)::DOUBLE' };
  if (has('user_id')) figures.users = 'count(DISTINCT user_id)::DOUBLE';
  else if (has('users')) figures.users = 'sum(users)::DOUBLE';
  if (has('views')) figures.views = 'sum(views)::DOUBLE';
  figures.dwell_s = dwell;
  if (has('measured_users')) {
    figures.avg_dwell_per_user_s = `${dwell} / nullif(sum(measured_users), 0)`;
    figures.suppressed = 'sum(suppressed)::DOUBLE';
  } else {
    figures.avg_dwell_s = `${dwell} / nullif(count(dwell_s), 0)`;
    figures.median_dwell_s = 'median(dwell_s)';
  }
  return figures;
}

export function figureTerms(schema: TableSchema): string {
  return Object.entries(figuresOf(schema))
    .map(([name, term]) => `${term} AS ${name}`)
    .join(', ');
}

export function pairFigures(
  schema: TableSchema,
  before: Figures | undefined,
  after: Figures | undefined,
): Readonly<Record<string, Change>> {
  return Object.fromEntries(
    Object.keys(figuresOf(schema)).map((name) => [
      name,
      { before: before?.[name] ?? null, after: after?.[name] ?? null },
    ]),
  );
}
