/** A DuckDB connection that knows the job: drops as a view of text, parameters as variables, SQL from files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sqlPaths } from '../../../../lake/duckdb.ts';
import { dropPaths, type PeerJob } from '../job.ts';

const DAY_MS = 86_400_000;

/** Variables belong to a connection; tables and macros to all of an instance. */
export async function connect(instance: DuckDBInstance, job: PeerJob): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  for (const [name, value] of Object.entries(variablesOf(job))) {
    await connection.run(`SET VARIABLE ${name} = ${value}`);
  }
  return connection;
}

function variablesOf({ day, rules }: PeerJob): Record<string, string | number> {
  const dayStartMs = Date.parse(`${day}T00:00:00Z`);
  const timeoutMs = rules.inactivity_timeout_s * 1000;
  const maxViewMs = rules.max_view_s * 1000;
  return {
    day: `DATE '${day}'`,
    day_start_ms: dayStartMs,
    // R12: what may still belong to a view that starts on the day.
    horizon_end_ms: dayStartMs + DAY_MS + maxViewMs + timeoutMs,
    inactivity_timeout_ms: timeoutMs,
    max_view_ms: maxViewMs,
    bounce_ms: rules.bounce_s * 1000,
    suspect_events_per_day: rules.suspect_events_per_day,
    suspect_events_per_minute: rules.suspect_events_per_minute,
    k_min_users: rules.k_min_users,
    // Stands for an event that never comes, later than all others.
    never: 2 ** 60,
  };
}

/** The file's statements or query, as it is. */
export function sql(name: string): string {
  return readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8');
}

const COLUMNS = ['timestamp', 'user_id', 'event', 'flyer_id', 'merchant_id'];

/** The drops as five columns of text; lines that are no rows are passed over. */
export function dropsQuery(job: PeerJob): string {
  const paths = sqlPaths(dropPaths(job));
  const types = `{${COLUMNS.map((name) => `"${name}": "VARCHAR"`)}}`;
  if (job.format === 'ndjson') {
    // Not read_json: where it passes over a broken line, it now and then loses a good one as well.
    return `SELECT unnest(json_transform(json, '${types}'))
      FROM read_ndjson_objects(${paths}, ignore_errors = true)
      WHERE json IS NOT NULL`;
  }
  // Told the dialect, DuckDB need not look for it in each drop, which would take as long as reading it.
  return `SELECT * FROM read_csv(${paths}, columns = ${types.replaceAll('"', "'")}, auto_detect = false, header = true,
    delim = ',', quote = '"', escape = '"', null_padding = true, ignore_errors = true)`;
}

/** Runs `work` and books its wall time, ms, under `stage`. */
export async function timed<T>(
  stages: Record<string, number>,
  stage: string,
  work: () => Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  try {
    return await work();
  } finally {
    stages[stage] = (stages[stage] ?? 0) + performance.now() - startMs;
  }
}
