/** How a table is declared: columns with types, units and meaning. Delta schema, catalog and CSV format all follow from it. */

/** The Delta primitive types that every reader in the matrix agrees on; no DECIMAL, no TIMESTAMP (see the findings on Parquet readers). */
export type ColumnType = 'string' | 'int' | 'long' | 'double' | 'boolean' | 'date';

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** @default false */
  readonly nullable?: boolean;
  /** `s` (seconds), `epoch s`, `share` (0..1), `count` … */
  readonly unit?: string;
  readonly description: string;
  /** The rule of its definition that it follows: `R14`. The data dictionary of a pipeline needs one for every column. */
  readonly rule?: string;
  /**
   * How a `double` is printed in CSV: `seconds` prints whole numbers without a point and at most 3 decimals, `average` always 6.
   * @default 'seconds' for unit `s` and `epoch s`, else 'average'
   */
  readonly csv?: 'seconds' | 'average';
}

export interface TableSchema {
  readonly name: string;
  readonly description: string;
  /** Unique within a partition, and the order of its rows. */
  readonly key: readonly string[];
  readonly columns: readonly ColumnSchema[];
  /** Whether `current/` carries it as Parquet and CSV. */
  readonly exported: boolean;
}
