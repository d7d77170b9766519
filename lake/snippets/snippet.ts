/** What a snippet is: text, ready to paste, with which one reader reads one table of one lake. */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Day } from '../lake-keys.ts';
import type { ColumnSchema, TableSchema } from '../table-schema.ts';

export interface SnippetSource {
  readonly schema: TableSchema;
  /** A directory, or `s3://bucket/prefix`. */
  readonly lake: string;
  /** The first day that readers look for which cannot list. */
  readonly firstDay: Day;
}

export interface SnippetKind {
  /** Who reads, as people write it. */
  readonly title: string;
  readonly language: 'python' | 'sql' | 'powerquery';
  readonly write: (source: SnippetSource) => string;
}

export const isS3 = (lake: string): boolean => lake.startsWith('s3://');

/** Without a slash at the end; directories are absolute, so that a snippet works from anywhere. */
export function lakeRoot(lake: string): string {
  if (isS3(lake)) return lake.replace(/\/+$/, '');
  const path = lake.startsWith('file://') ? fileURLToPath(lake) : lake;
  return (isAbsolute(path) ? path : resolve(path)).replace(/\/+$/, '');
}

/** The table as Delta: all days, all tables. */
export const deltaUrl = ({ lake, schema }: SnippetSource): string =>
  `${lakeRoot(lake)}/tables/${schema.name}`;

/** One Parquet object per day, in folders `dt=…`; exported tables only. */
export const parquetFolder = ({ lake, schema }: SnippetSource): string =>
  `${lakeRoot(lake)}/current/parquet/${schema.name}`;

/** `Sum over measured views [s]`: what a reader that shows comments shows. */
export const commentOf = ({ description, unit }: ColumnSchema): string =>
  unit === undefined ? description : `${description} [${unit}]`;

/** Joined as an indented list that breaks between items. */
export const listed = (items: readonly string[], indent: string): string => items.join(`,\n${indent}`);
