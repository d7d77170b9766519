/** Which code computes: a new version makes what older code has computed stale. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version as duckdbVersion } from '@duckdb/node-api';

const TASKS_DIR = fileURLToPath(new URL('.', import.meta.url));

/** What no figure depends on. */
const IRRELEVANT =
  /^(generate(-drops\.ts|\/)|(range|explain|partitions|preview|stage-gc|checks)\/|(repair-exports|export-user|export-features|tables\/feature-tables|tables\/\w+-checks|check-day|publish-seed-compat|open-staged-rows)\.)/;

/** What decides how a drop's bytes become staged rows. */
const STAGING = /^(ingest\/|events\.ts|staged-schema\.ts|user-bucket\.ts)/;

let all: Promise<string> | undefined;
let staging: Promise<string> | undefined;

/** Of all tasks, their SQL and DuckDB: 12 hex digits. */
export function codeVersion(): Promise<string> {
  all ??= hashOfSources((path) => !IRRELEVANT.test(path));
  return all;
}

/** Of the code that stages drops, and DuckDB: 12 hex digits. Drops are staged again when it changes, not with every change of a rule. */
export function stagingVersion(): Promise<string> {
  staging ??= hashOfSources((path) => STAGING.test(path));
  return staging;
}

async function hashOfSources(isRelevant: (path: string) => boolean): Promise<string> {
  const entries = await readdir(TASKS_DIR, { recursive: true });
  const paths = entries
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(ts|sql)$/.test(path) && isRelevant(path))
    .sort();
  const sources = await Promise.all(paths.map((path) => readFile(join(TASKS_DIR, path))));
  const hash = createHash('sha256').update(`duckdb ${duckdbVersion()}\n`);
  for (const [index, path] of paths.entries()) {
    const source = sources[index]!;
    hash.update(`${path} ${source.length}\n`).update(source);
  }
  return hash.digest('hex').slice(0, 12);
}
