/** A process that exports one large partition: `node export-once.ts <lake> <scratch> <memory limit, bytes>`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuck } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { exportOnce } from './publish-latency.ts';

const [lakeUrl, scratchDir, memoryLimit] = process.argv.slice(2);
const store = await openStore(lakeUrl!);
const duck = await openDuck({ memoryLimitBytes: Number(memoryLimit), threads: 2, tempDir: scratchDir! });
const parquetMs = await exportOnce(store, duck, scratchDir!, 'parquet');
// Room on the disk: what is measured next needs none of it.
await rm(join(lakeUrl!, 'current/parquet'), { recursive: true, force: true });
const csvMs = await exportOnce(store, duck, scratchDir!, 'csv');
await duck.close();
await store.close();
process.stdout.write(JSON.stringify({ parquetMs, csvMs }));
