/** Peers find in drops of every format what the generator knows to be in them, and all the same, row for row. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareFacts } from '../../bench/compute/compare-facts.ts';
import { INPUT_FORMATS, type InputFormat } from '../../bench/compute/formats.ts';
import { completeJob, type PeerJob } from '../../bench/compute/peers/job.ts';
import { measureProcess } from '../../bench/support/measure-process.ts';
import { findPython } from '../../cli/test/python.ts';
import { openDuck, sqlString } from '../../lake/duckdb.ts';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import { PEERS_IN_PROCESS } from '../support/peer-results.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const PEERS_DIR = join(import.meta.dirname, '../../bench/compute/peers');
const TIMEOUT_MS = 60_000;

const temp = useTempDir();
const python = await findPython();

const truths = new Map<InputFormat, Truth>();
beforeAll(async () => {
  for (const format of INPUT_FORMATS) {
    const options = { out: join(temp.path, format), start: DAY, days: 1, events: 6_000, format, seed: 3 };
    truths.set(format, await generateDrops(options));
  }
});

describe.each(INPUT_FORMATS)('%s', (format) => {
  const reference = facts('duckdb, bucketed', format, 'parquet');

  beforeAll(async () => {
    await PEERS_IN_PROCESS['duckdb, bucketed'].run(jobOf('duckdb, bucketed', format));
  });

  it('holds the views that the generator has written', async () => {
    const { bot, days } = truths.get(format)!;
    const duck = await openDuck({ memoryLimitBytes: 256 * 1024 ** 2, threads: 1, tempDir: temp.path });
    const [found] = await duck.rows(
      `SELECT count(DISTINCT user_id)::INT AS users, sum(views)::INT AS views,
         sum(measured_views)::INT AS measured_views, sum(item_opens)::INT AS item_opens, sum(dwell_s) AS dwell_s
       FROM read_parquet(${sqlString(reference)}) WHERE user_id <> ${sqlString(bot.user_id)}`,
    );
    await duck.close();
    const { users, views, measured_views, item_opens, dwell_s } = days.find(({ day }) => day === DAY)!.views;
    expect(views).toBeGreaterThan(500);
    expect(found).toEqual({ users, views, measured_views, item_opens, dwell_s });
  });

  it.each(['duckdb, whole', 'plain Node'] as const)('gives the same facts with %s', async (peer) => {
    const { run, results } = PEERS_IN_PROCESS[peer];
    await run(jobOf(peer, format));
    expect(await compareFacts(reference, facts(peer, format, results), temp.path)).toBeUndefined();
  });

  describeWith(
    python === undefined ? { missing: 'polars is not installed; ./flyerline test installs it' } : {},
    'Python',
    () => {
      it('gives the same facts with polars', { timeout: TIMEOUT_MS }, async () => {
        const job = jobOf('polars', format);
        const { exitCode, stderr } = await measureProcess(
          [python!, '-m', 'polars_day', JSON.stringify(job)],
          {
            env: { ...process.env, PYTHONPATH: PEERS_DIR, PYTHONDONTWRITEBYTECODE: '1' },
            timeoutMs: TIMEOUT_MS,
          },
        );
        expect(exitCode, stderr).toBe(0);
        expect(await compareFacts(reference, facts('polars', format, 'parquet'), temp.path)).toBeUndefined();
      });
    },
  );
});

function jobOf(peer: string, format: InputFormat): PeerJob {
  const folder = join(temp.path, `${peer} ${format}`);
  const [out, scratch] = [join(folder, 'out'), join(folder, 'scratch')];
  for (const dir of [out, scratch]) mkdirSync(dir, { recursive: true });
  return completeJob({ drops: join(temp.path, format, 'drops'), format, day: DAY, out, scratch, threads: 2 });
}

function facts(peer: string, format: InputFormat, results: 'csv' | 'parquet'): string {
  return join(temp.path, `${peer} ${format}`, 'out/user_flyer_day', `*.${results}`);
}
