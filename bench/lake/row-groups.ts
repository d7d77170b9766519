/** What the size of row groups and the codec cost, in CPU and bytes: `node bench/lake/row-groups.ts [--rows 1000000]`. */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parquetMetadata } from 'hyparquet';
import { formatBytes, formatCount, table } from '../../cli/terminal.ts';
import { type Duck, openDuck, sqlPaths, writeParquet } from '../../lake/duckdb.ts';
import { keyOrder } from '../../lake/write-csv.ts';
import { benchQuery, benchTable } from './bench-table.ts';

const SIZES = [10_240, 30_720, 61_440, 122_880, 245_760, 1_048_576];
const CODECS = ['zstd', 'snappy'] as const;
/** CPU time varies little from run to run; the least of these is shown. */
const RUNS = 3;

const { rows } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } }).values;
const scratchDir = await mkdtemp(join(tmpdir(), 'flyerline-row-groups-'));
const duck = await openDuck({ memoryLimitBytes: 2 ** 30, threads: 1, tempDir: scratchDir });
try {
  await duck.run(
    `CREATE TABLE fact AS FROM (${benchQuery('2018-10-01', Number(rows), 0)}) ORDER BY ${keyOrder(benchTable)}`,
  );
  const measured = [];
  for (const codec of CODECS) for (const size of SIZES) measured.push(await measure(duck, codec, size));
  process.stdout.write(
    `${formatCount(Number(rows))} rows of a fact table, one thread; CPU\n\n${table(measured, [
      { header: 'codec', value: ({ codec }) => codec },
      { header: 'rows a group', value: ({ size }) => formatCount(size), align: 'right' },
      { header: 'file', value: ({ bytes }) => formatBytes(bytes), align: 'right' },
      { header: 'largest group', value: ({ groupBytes }) => formatBytes(groupBytes), align: 'right' },
      { header: 'write', value: ({ writeMs }) => `${Math.round(writeMs)} ms`, align: 'right' },
      { header: 'read all', value: ({ readMs }) => `${Math.round(readMs)} ms`, align: 'right' },
      { header: 'one user', value: ({ userMs }) => `${userMs.toFixed(1)} ms`, align: 'right' },
    ])}\n`,
  );
} finally {
  await duck.close();
  await rm(scratchDir, { recursive: true, force: true });
}

async function measure(session: Duck, codec: (typeof CODECS)[number], size: number) {
  const path = join(scratchDir, `${codec}-${size}.parquet`);
  const options = { query: 'SELECT * FROM fact', path, rowGroupSize: size, compression: codec };
  const writeMs = await leastCpuMs(() => writeParquet(session, options));
  const from = `read_parquet(${sqlPaths([path])})`;
  const sums = benchTable.columns.map(
    ({ name, type }) => `${type === 'string' ? 'max' : 'count'}("${name}")`,
  );
  const readMs = await leastCpuMs(() => session.rows(`SELECT ${sums.join(', ')} FROM ${from}`));
  const [user] = await session.rows<{ user_id: string }>('SELECT user_id FROM fact OFFSET 1000 LIMIT 1');
  const userMs = await leastCpuMs(() =>
    session.rows(`SELECT * FROM ${from} WHERE user_id = $user_id`, { user_id: user!.user_id }),
  );
  const blob = await openAsBlob(path);
  const { row_groups: groups } = parquetMetadata(await blob.arrayBuffer());
  return {
    ...{ codec, size, writeMs, readMs, userMs, bytes: blob.size },
    /** Uncompressed: what a reader that decodes one group at a time holds. */
    groupBytes: Math.max(...groups.map(({ total_byte_size: bytes }) => Number(bytes))),
  };
}

async function leastCpuMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}
