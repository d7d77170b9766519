/** One Parquet file out of several: the same rows, the same statistics, and every reader agrees. */
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import parquetjs from 'parquetjs-lite';
import { describe, expect, it } from 'vitest';
import { concatParquet } from '../../lake/concat-parquet.ts';
import { sqlPaths, sqlString, writeParquet } from '../../lake/duckdb.ts';
import { expectedValues } from '../../lake/expected-values.ts';
import { readBackParquet } from '../../lake/read-back.ts';
import { sha256File } from '../../lake/sha256.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleQuery, sampleTable } from './sample-publish.ts';

const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03'];

describe('concatParquet', () => {
  const lake = useSampleLake();
  const { columns } = sampleTable;

  async function write(dir: string, name: string, query: string): Promise<string> {
    const path = join(dir, `${name}.parquet`);
    // Many row groups, with dictionaries and their Bloom filters: everything that has a position.
    await writeParquet(lake.duck, { query, orderBy: ['id'], path, rowGroupSize: 4_096 });
    return path;
  }

  async function threeFiles(dir: string): Promise<string[]> {
    return Promise.all(DAYS.map((day, index) => write(dir, day, sampleQuery(day, 9_000 + index))));
  }

  it('holds the rows of all files, in their order, for DuckDB and for readers that are not DuckDB', async () => {
    const dir = lake.freshDir();
    const sources = await threeFiles(dir);
    const path = join(dir, 'one.parquet');
    const written = await concatParquet({ sources, columns, path, metadata: {} });
    expect(written).toMatchObject({ path, rowCount: 27_003, ...(await sha256File(path)) });

    const rowsOf = (from: string) => lake.duck.rows(`FROM read_parquet(${from})`);
    expect(await rowsOf(sqlString(path))).toEqual(await rowsOf(sqlPaths(sources)));
    const file = await asyncBufferFromFile(path);
    const ids = (await parquetReadObjects({ file, compressors, columns: ['id'] })).map(({ id }) =>
      Number(id),
    );
    const wanted = await lake.duck.rows<{ id: number }>(
      `SELECT id::INTEGER AS id FROM read_parquet(${sqlPaths(sources)})`,
    );
    expect(ids).toEqual(wanted.map(({ id }) => id));
    const query = `FROM read_parquet(${sqlPaths(sources)})`;
    await readBackParquet(path, expectedValues(lake.duck, { query }, sampleTable));
    const reader = await parquetjs.ParquetReader.openFile(path);
    expect(Number(reader.getRowCount())).toBe(27_003);
    await reader.close();
  });

  it('keeps what the footers say of every column chunk', async () => {
    const dir = lake.freshDir();
    const sources = await threeFiles(dir);
    const path = join(dir, 'one.parquet');
    await concatParquet({ sources, columns, path, metadata: {} });
    const chunksOf = (paths: readonly string[]) =>
      lake.duck.rows(`SELECT row_group_num_rows, path_in_schema, type, encodings, compression, num_values, stats_min_value,
        stats_max_value, stats_null_count, min_is_exact, max_is_exact, total_compressed_size, total_uncompressed_size,
        bloom_filter_length, bloom_filter_offset IS NULL AS no_filter
      FROM parquet_metadata(${sqlPaths(paths)})`);
    const schemaOf = (of: string) =>
      lake.duck.rows(`SELECT * EXCLUDE (file_name) FROM parquet_schema(${sqlString(of)})`);
    expect(await chunksOf([path])).toEqual(await chunksOf(sources));
    expect(await schemaOf(path)).toEqual(await schemaOf(sources[0]!));
  });

  it('leaves Bloom filters where the footer says: a value that is not there is not looked for', async () => {
    const dir = lake.freshDir();
    const sources = await threeFiles(dir);
    const path = join(dir, 'one.parquet');
    await concatParquet({ sources, columns, path, metadata: {} });
    const probe = async (of: string) => {
      const found = await lake.duck.rows<{ excludes: boolean }>(
        `SELECT bloom_filter_excludes AS excludes FROM parquet_bloom_probe(${sqlString(of)}, 'day', DATE '${DAYS[1]}')`,
      );
      return found.map(({ excludes }) => excludes);
    };
    const wanted = await Promise.all(sources.map(probe));
    expect(wanted.map((groups) => groups.every((excludes) => excludes))).toEqual([true, false, true]);
    expect(await probe(path)).toEqual(wanted.flat());
  });

  it('stamps the footer, and equal files give equal bytes', async () => {
    const dir = lake.freshDir();
    const sources = await threeFiles(dir);
    const metadata = { definition_version: 'dwell-1', note: 'ünïcødé' };
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => concatParquet({ sources, columns, path: join(dir, name), metadata })),
    );
    expect(a!.sha256).toBe(b!.sha256);
    const footer = await parquetMetadataAsync(await asyncBufferFromFile(a!.path));
    expect(footer.key_value_metadata).toEqual([
      { key: 'definition_version', value: 'dwell-1' },
      { key: 'note', value: 'ünïcødé' },
    ]);
  });

  it('declines files of other columns, and files without rows', async () => {
    const dir = lake.freshDir();
    const path = join(dir, 'one.parquet');
    const whole = await write(dir, 'whole', sampleQuery(DAYS[0]!, 10));
    const older = await write(dir, 'older', `SELECT * EXCLUDE (views) FROM (${sampleQuery(DAYS[1]!, 10)})`);
    const empty = await write(dir, 'empty', sampleQuery(DAYS[2]!, 0));
    const concat = (sources: readonly string[]) => concatParquet({ sources, columns, path, metadata: {} });
    expect(await concat([whole, older])).toBeUndefined();
    expect(await concat([older])).toBeUndefined();
    expect(await concat([empty])).toBeUndefined();
    expect(await concat([])).toBeUndefined();
    expect(await concat([empty, whole])).toMatchObject({ rowCount: 10 });
  });
});
