/** From cleaned events to files: what both forms of the script share. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sqlString } from '../../../../lake/duckdb.ts';
import { sql, timed } from './session.ts';

/** Wall time, ms. */
export type Stages = Record<'clean' | 'dwell' | 'write' | 'merchants', number>;

const TABLES = ['flyer_views', 'user_flyer_day', 'user_day'] as const;

/** What is needed of all users before any of them can be computed. Reads relation `clean`; returns `as_of`, epoch ms. */
export async function prepareDay(connection: DuckDBConnection, out: string): Promise<bigint> {
  for (const table of [...TABLES, 'merchant_day']) await mkdir(join(out, table), { recursive: true });
  await connection.run(sql('sole-merchants'));
  const result = await connection.run('SELECT coalesce(max(instant_ms), 0)::BIGINT FROM clean');
  return (await result.getRows())[0]![0] as bigint;
}

/** Computes and writes the users in relation `bucket` of this connection; files are named after `part`. */
export async function computeBucket(
  connection: DuckDBConnection,
  stages: Stages,
  { asOfMs, part, out, scratch }: { asOfMs: bigint; part: string; out: string; scratch: string },
): Promise<void> {
  await timed(stages, 'dwell', async () => {
    await connection.run(`SET VARIABLE as_of_ms = ${asOfMs}`);
    for (const step of ['events', 'views', 'facts', 'outputs']) await connection.run(sql(step));
  });
  await timed(stages, 'write', async () => {
    for (const table of TABLES) await writeTable(connection, `${table}_rows`, join(out, table, part));
    await copy(connection, 'FROM merchant_users_rows', join(scratch, `merchant-users-${part}.parquet`));
  });
}

export async function writeMerchants(
  connection: DuckDBConnection,
  { out, scratch }: { out: string; scratch: string },
): Promise<void> {
  const sources = {
    merchant_users: join(scratch, 'merchant-users-*.parquet'),
    flyer_views: join(out, 'flyer_views', '*.parquet'),
  };
  for (const [name, files] of Object.entries(sources)) {
    await connection.run(`CREATE VIEW ${name} AS FROM read_parquet(${sqlString(files)})`);
  }
  await connection.run(`CREATE TEMP TABLE merchant_day AS ${sql('merchant-day')}`);
  await writeTable(connection, 'merchant_day', join(out, 'merchant_day', 'all'));
}

/** Parquet and CSV. The CSV is made from the Parquet file: reading that is cheaper than the joins behind it. */
async function writeTable(connection: DuckDBConnection, relation: string, path: string): Promise<void> {
  await copy(connection, `FROM ${relation}`, `${path}.parquet`);
  await copy(connection, `FROM read_parquet(${sqlString(`${path}.parquet`)})`, `${path}.csv`);
}

async function copy(connection: DuckDBConnection, query: string, path: string): Promise<void> {
  await connection.run(`COPY (${query}) TO ${sqlString(path)}`);
}
