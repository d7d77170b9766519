/** A table's file for one day: written by DuckDB, stamped, put into the lake. It counts for nothing until it is committed. */
import { join } from 'node:path';
import type { DataFile } from '../lake/data-file.ts';
import { type Duck, writeParquet } from '../lake/duckdb.ts';
import { dataKey } from '../lake/lake-keys.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import { DEFINITION_VERSION, type MetricParams } from './metric-params.ts';
import type { ClaimTokens } from './refs.ts';

export interface PutTableOptions {
  /** Yields the table's columns, in order; and its rows in the order of the key, unless `orderBy` says how to get there. */
  readonly query: string;
  readonly orderBy?: readonly string[];
  readonly day: string;
  readonly tokens: ClaimTokens;
  /** Tells the files of a partition apart: the bucket. */
  readonly part: string;
  readonly params: MetricParams;
  readonly scratchDir: string;
}

export async function putTable(
  duck: Duck,
  store: ObjectStore,
  schema: TableSchema,
  { query, orderBy, day, tokens, part, params, scratchDir }: PutTableOptions,
): Promise<DataFile> {
  const path = join(scratchDir, `${schema.name}-${part}.parquet`);
  const { rowCount, size, sha256 } = await writeParquet(duck, {
    query,
    path,
    ...(orderBy && { orderBy }),
    metadata: stampOf(params),
  });
  const key = dataKey(schema.name, day, tokens[schema.name]!, part);
  await store.putFile(key, path, { isGiven: true });
  return { key, rowCount, size, sha256 };
}

/**
 * What the rows mean (R17). Inputs, as_of and the day's state are in the manifest and in what is exported: here they would make equal
 * rows unequal files, and a late drop of duplicates a new version.
 */
export function stampOf(params: MetricParams): Record<string, string> {
  return { definition_version: DEFINITION_VERSION, metric_params: JSON.stringify(params) };
}
