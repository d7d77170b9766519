/**
 * The day as a bare DuckDB script. Text in, Parquet and CSV out; no staging, manifest or publishing.
 *
 * `bucketed` bounds memory: cleaned rows go to disk by bucket of users, then as many buckets at a time are computed as
 * there are threads. `whole` runs the same SQL over all users at once, in what memory that takes.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sqlString } from '../../../../lake/duckdb.ts';
import { dropPaths, type PeerJob, type PeerReport } from '../job.ts';
import { computeBucket, prepareDay, type Stages, writeMerchants } from './day.ts';
import { connect, dropsQuery, sql, timed } from './session.ts';

/** Input bytes, as plain text, of the users of one bucket. */
const BUCKET_BYTES = 72 * 1024 ** 2;
/** Plain text per byte of a csv.gz drop. */
const GZIP_RATIO = 6;

export const FORMS = { bucketed: runBucketed, whole: runWhole } as const;

export async function runDuckdb(job: PeerJob, form: keyof typeof FORMS): Promise<PeerReport> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: `${job.threads}`,
    temp_directory: join(job.scratch, 'spill'),
    ...(form === 'bucketed' ? { memory_limit: '1GB' } : {}),
  });
  const stages: Stages = { clean: 0, dwell: 0, write: 0, merchants: 0 };
  const connection = await connect(instance, job);
  await connection.run(sql('macros'));
  await connection.run(`CREATE VIEW drops AS ${dropsQuery(job)}`);
  await FORMS[form](instance, connection, job, stages);
  await timed(stages, 'merchants', () => writeMerchants(connection, job));
  connection.closeSync();
  instance.closeSync();
  return { stages };
}

type Form = (
  instance: DuckDBInstance,
  connection: DuckDBConnection,
  job: PeerJob,
  stages: Stages,
) => Promise<void>;

async function runBucketed(...[instance, connection, job, stages]: Parameters<Form>): Promise<void> {
  const stage = join(job.scratch, 'stage');
  await timed(stages, 'clean', async () => {
    // Rows are put in order later; to keep that of the drops would cost memory.
    await connection.run('SET preserve_insertion_order = false');
    await connection.run(
      `COPY (SELECT *, (user_hash >> 32) % ${await bucketCount(job)} AS bucket FROM (${sql('clean')}))
       TO ${sqlString(stage)} (FORMAT parquet, PARTITION_BY (bucket))`,
    );
    await connection.run('SET preserve_insertion_order = true');
    await connection.run(`CREATE VIEW clean AS ${keptOf(scan(join(stage, '*/*.parquet')))}`);
  });
  const asOfMs = await timed(stages, 'dwell', () => prepareDay(connection, job.out));

  const waiting = await readdir(stage);
  const lanes = Array.from({ length: job.threads }, async () => {
    const lane = await connect(instance, job);
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      await lane.run(`CREATE OR REPLACE TEMP VIEW bucket AS ${keptOf(scan(join(stage, part, '*.parquet')))}`);
      await computeBucket(lane, stages, { ...job, asOfMs, part });
    }
    lane.closeSync();
  });
  const before = { ...stages };
  await Promise.all(lanes);
  // The lanes' times lie side by side.
  for (const stage of ['dwell', 'write'] as const) {
    stages[stage] = before[stage] + (stages[stage] - before[stage]) / job.threads;
  }
}

async function runWhole(...[, connection, job, stages]: Parameters<Form>): Promise<void> {
  await timed(stages, 'clean', () => connection.run(`CREATE TABLE cleaned AS ${sql('clean')}`));
  await connection.run(`CREATE VIEW clean AS ${keptOf('cleaned')}`);
  const asOfMs = await timed(stages, 'dwell', () => prepareDay(connection, job.out));
  await connection.run('CREATE TEMP VIEW bucket AS FROM clean');
  await computeBucket(connection, stages, { ...job, asOfMs, part: 'all' });
}

const keptOf = (relation: string) => `FROM ${relation} WHERE is_kept(event_rank, instant_ms, offset_min)`;
const scan = (files: string) => `read_parquet(${sqlString(files)})`;

async function bucketCount(job: PeerJob): Promise<number> {
  const sizes = await Promise.all(dropPaths(job).map(async (path) => (await stat(path)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0) * (job.format === 'csv.gz' ? GZIP_RATIO : 1);
  return 2 ** Math.max(1, Math.ceil(Math.log2(bytes / BUCKET_BYTES)));
}
