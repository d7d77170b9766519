/** A real day of 20,723 events, dirt included, from the drop to files that other programs read. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { RunReport } from '../../cli/run/run-report.ts';
import { findPython } from '../../cli/test/python.ts';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { realDay } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';

const python = await findPython();
const pandas =
  python === undefined ? { missing: 'pandas is not installed; ./flyerline test installs it' } : {};

const EXPORTED = ['dq_day', 'flyer_day', 'flyer_views', 'merchant_day', 'user_day', 'user_flyer_day'];
const DATE = '2018-10-01';
const run = promisify(execFile);

describeWith([realDay, pandas], 'nightly on a real day', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const command = ['run', 'nightly', '--date', DATE, '--drops', dirname(realDay.path), '--lake', lake];
  const csv = (table: string) => join(lake, `current/csv/${table}/dt=${DATE}/${table}.csv`);
  const parquet = (table: string) => join(lake, `current/parquet/${table}/dt=${DATE}/${table}.parquet`);
  const checksums = ({ files }: RunReport) =>
    Object.fromEntries(files.map(({ key, sha256 }) => [key, sha256]));
  let first: RunReport;

  it('accounts for every row it reads', async () => {
    first = await flyerlineJson<RunReport>(command);
    expect(first.outcome).toBe('published');
    const { read, kept, duplicate, rejected } = first.rows!;
    expect(read).toBe(20_723);
    expect(kept + duplicate + rejected).toBe(read);
    expect(first.files.map(({ key }) => key).sort()).toEqual(
      ['csv', 'parquet'].flatMap((format) =>
        EXPORTED.map((table) => `current/${format}/${table}/dt=${DATE}/${table}.${format}`),
      ),
    );
  });

  it('gives DuckDB and pandas the same numbers, from CSV and from Parquet', async () => {
    const sums = 'count(*)::INT AS users, sum(views)::INT AS views, sum(dwell_s)::DOUBLE AS dwell_s';
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    const seen: unknown[] = [];
    try {
      seen.push(...(await duck.rows(`SELECT ${sums} FROM read_csv(${sqlPaths([csv('user_day')])})`)));
      seen.push(...(await duck.rows(`SELECT ${sums} FROM read_parquet(${sqlPaths([parquet('user_day')])})`)));
    } finally {
      await duck.close();
    }
    const script = [
      'import json, pandas as pd',
      `frames = [pd.read_csv(${JSON.stringify(csv('user_day'))}), pd.read_parquet(${JSON.stringify(parquet('user_day'))})]`,
      "print(json.dumps([{'users': len(f), 'views': int(f['views'].sum()), 'dwell_s': float(f['dwell_s'].sum())} for f in frames]))",
    ].join('\n');
    const { stdout } = await run(python!, ['-c', endingAtOnce(script)]);
    seen.push(...(JSON.parse(stdout) as unknown[]));
    expect(seen).toEqual(Array(4).fill(seen[0]));
    expect((seen[0] as { users: number }).users).toBeGreaterThan(1000);
  });

  it('prints whole seconds without a point and averages with 6 decimals', async () => {
    const [header, ...lines] = (await readFile(csv('user_day'), 'utf8')).trimEnd().split('\n');
    expect(header).toBe(
      'user_id,day,flyers,measured_flyers,views,measured_views,item_opens,dwell_s,avg_time_on_flyer_s,avg_time_per_view_s,median_time_on_flyer_s,suspect',
    );
    for (const line of lines.slice(0, 500)) {
      expect(line).toMatch(/^[0-9a-f]+,2018-10-01,\d+,\d+,\d+,\d+,\d+,(\d+(,\d+\.\d{6}){3}|,,,),[01]$/);
    }
  });

  it('does nothing when it is run again, and says so', async () => {
    const again = await flyerline(command);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/nothing to do/);
  });

  it('finds the same bytes when it is forced to compute again', async () => {
    const forced = await flyerlineJson<RunReport>([...command, '--force']);
    expect(forced.outcome).toBe('unchanged');
    expect(checksums(forced)).toEqual(checksums(first));
  });

  it('is not published when more rows are rejected than allowed', async () => {
    const strict = [...command.slice(0, -1), join(dir.path, 'strict'), '--param', 'rejected_share_max=0'];
    const result = await flyerline([...strict, '--json']);
    const report = JSON.parse(result.stdout) as RunReport;
    const rejects = first.rows!.rejected > 0;
    expect(result.exitCode).toBe(rejects ? 1 : 0);
    expect(report.outcome).toBe(rejects ? 'failed' : 'published');
  });
});

describeWith([realDay, s3ServerInstalled.versitygw], 'nightly on a real day, on S3', () => {
  const s3 = useS3Server('versitygw');
  const dir = useTempDir();

  it('publishes the same bytes as on a local directory', async () => {
    const bucket = await s3.createBucket();
    const env = { ...s3.env, FLYERLINE_S3_ENDPOINT: s3.endpoint };
    const nightly = ['run', 'nightly', '--date', DATE, '--drops', dirname(realDay.path), '--lake'];
    const onS3 = await flyerlineJson<RunReport>([...nightly, `s3://${bucket}/lake`], { env });
    const local = await flyerlineJson<RunReport>([...nightly, join(dir.path, 'lake')]);
    expect(onS3.outcome).toBe('published');
    expect(onS3.files).toEqual(local.files);
    const again = await flyerlineJson<RunReport>([...nightly, `s3://${bucket}/lake`], { env });
    expect(again.outcome).toBe('nothing to do');
  });
});
