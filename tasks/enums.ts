/**
 * ENUM types for what is written often and has few values. DuckDB writes an ENUM column to Parquet as the dictionary it already
 * is, many times faster than a text column, whose values it hashes one by one; readers see UTF-8 text either way.
 */
import { type Duck, sqlString } from '../lake/duckdb.ts';

/** Beyond this many values the dictionary, which each row group repeats, costs more than hashing saves. */
const ENUM_VALUES_MAX = 50_000;

/** A table `name (code UTINYINT, text ENUM)`: the words in the order of their codes. */
export async function createWordTable(duck: Duck, name: string, words: readonly string[]): Promise<void> {
  const list = words.map(sqlString).join(', ');
  await duck.run(`CREATE TYPE ${name}_enum AS ENUM (${list});
    CREATE TEMP TABLE ${name} AS
    SELECT code::UTINYINT AS code, word::${name}_enum AS text FROM (SELECT unnest(range(${words.length})) AS code, unnest([${list}]) AS word)`);
}

/** Makes `flyer_id` and `merchant_id` of a table (`place`, `flyer`) ENUM columns, unless they have too many values. */
export async function encodeIds(duck: Duck, table: string): Promise<void> {
  for (const column of ['flyer_id', 'merchant_id']) {
    const [found] = await duck.rows<{ count: number }>(
      `SELECT count(DISTINCT ${column})::INTEGER AS count FROM ${table}`,
    );
    const count = found?.count ?? 0;
    if (count === 0 || count > ENUM_VALUES_MAX) continue;
    await duck.run(`CREATE TYPE ${column}_enum AS ENUM (SELECT DISTINCT ${column} FROM ${table} WHERE ${column} IS NOT NULL ORDER BY 1);
      ALTER TABLE ${table} ALTER ${column} TYPE ${column}_enum`);
  }
}
