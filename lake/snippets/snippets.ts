/** All snippets, by the name of the reader. */
import { powerBi } from './power-bi.ts';
import { pandas, polars, spark, tableau } from './python.ts';
import type { SnippetKind } from './snippet.ts';
import { athena, clickhouse, duckdb } from './sql.ts';

export const SNIPPETS = {
  pandas,
  polars,
  duckdb,
  clickhouse,
  spark,
  athena,
  'power-bi': powerBi,
  tableau,
} as const satisfies Readonly<Record<string, SnippetKind>>;

export type SnippetReader = keyof typeof SNIPPETS;
