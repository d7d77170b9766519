/** The exercise's table on a real day: equal to the formula computed plainly, and with the figures that the decision quotes. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { RunReport } from '../../cli/run/run-report.ts';
import { openDuck, sqlString } from '../../lake/duckdb.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { describeWith } from '../support/requirement.ts';
import { realDay } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DATE = '2018-10-01';

describeWith(realDay, 'seed-compat on a real day', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const at = ['--date', DATE, '--lake', lake];
  const parquet = (table: string) =>
    sqlString(join(lake, `current/parquet/${table}/dt=${DATE}/${table}.parquet`));
  let report: RunReport;

  beforeAll(async () => {
    await flyerlineJson(['run', 'nightly', ...at, '--drops', dirname(realDay.path)]);
    report = await flyerlineJson<RunReport>(['run', 'seed-compat', ...at]);
  });

  it('publishes 12,030 rows, in both formats and in the catalog', async () => {
    expect(report.tables).toMatchObject([{ table: 'seed_compat', rowCount: 12_030, outcome: 'committed' }]);
    expect(report.files.map(({ key }) => key)).toEqual([
      `current/parquet/seed_compat/dt=${DATE}/seed_compat.parquet`,
      `current/csv/seed_compat/dt=${DATE}/seed_compat.csv`,
    ]);
    const catalog = JSON.parse(await readFile(join(lake, 'current/catalog.json'), 'utf8'));
    const names = catalog.tables.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['seed_compat', 'user_day']));
  });

  it('equals the formula applied to the raw text', async () => {
    const text = await readFile(join(lake, `current/csv/seed_compat/dt=${DATE}/seed_compat.csv`), 'utf8');
    const found = text.trimEnd().split('\n').slice(1).sort();
    const expected = formulaOver(await readFile(realDay.path, 'utf8')).sort();
    // Compared as one text: a difference of thousands of rows would take the reporter minutes to print.
    expect(found.find((line, index) => line !== expected[index])).toBeUndefined();
    expect(found.length).toBe(expected.length);
  });

  it('finds the same bytes when it runs again, and leaves nightly with nothing to do', async () => {
    const again = await flyerlineJson<RunReport>(['run', 'seed-compat', ...at]);
    expect(again.outcome).toBe('unchanged');
    const nightly = await flyerlineJson<RunReport>([
      ...['run', 'nightly', ...at, '--drops', dirname(realDay.path)],
    ]);
    expect(nightly.outcome).toBe('nothing to do');
  });

  it('is verified and listed like every table', async () => {
    expect((await flyerline(['verify', '--table', 'seed_compat', '--lake', lake])).exitCode).toBe(0);
    const { stdout } = await flyerline(['partitions', 'list', '--lake', lake]);
    expect(stdout).toMatch(/seed_compat +1 +2018-10-01 +2018-10-01 +12,030/);
  });

  it('fails for a day that nightly has not published, and says what to do', async () => {
    const { exitCode, stdout } = await flyerline([
      'run',
      'seed-compat',
      '--date',
      '2018-10-02',
      '--lake',
      lake,
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('run nightly for 2018-10-02 first');
  });

  it('has the figures that the decision quotes', async () => {
    const page = await readFile(
      join(PROJECT_ROOT, 'docs/internals/adr/0007-why-not-the-average-of-the-exercise.md'),
      'utf8',
    );
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    try {
      await duck.run(`CREATE VIEW seed AS FROM read_parquet(${parquet('seed_compat')});
        CREATE TABLE event AS SELECT user_id, merchant_id, event, epoch_ms("timestamp"::TIMESTAMPTZ) / 1000 AS s
          FROM read_csv(${sqlString(realDay.path)}, all_varchar = true);
        CREATE TABLE span AS SELECT user_id, merchant_id, min(s) AS first_s, max(s) AS last_s FROM event
          WHERE event IN ('flyer_open', 'item_open') GROUP BY ALL;
        CREATE TABLE dwell AS SELECT user_id, merchant_id, sum(dwell_s) AS dwell_s
          FROM read_parquet(${parquet('user_flyer_day')}) GROUP BY ALL;
        CREATE TABLE silence AS SELECT user_id, s AS from_s, next_s AS to_s FROM
          (SELECT *, lead(s) OVER (PARTITION BY user_id ORDER BY s) AS next_s FROM event) WHERE next_s - s > 1800`);
      const figure = async (sql: string) =>
        Object.values((await duck.rows<Record<string, number>>(sql))[0]!).map(Number);
      const text = (value: number, digits = 0) =>
        value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

      const [zero, mean, median, longest, measured] =
        await figure(`SELECT count(*) FILTER ("avg_time_in_Sec" = 0),
        avg("avg_time_in_Sec"), median("avg_time_in_Sec"), max("avg_time_in_Sec"), count(*) FILTER ("avg_time_in_Sec" = 0 AND dwell_s > 0)
        FROM seed LEFT JOIN dwell ON dwell.user_id = seed.user_id AND dwell.merchant_id IS NOT DISTINCT FROM seed.merchant_id`);
      expect(page).toContain(
        `${text(zero!)} of 12,030 rows are 0 seconds (${text((zero! / 12_030) * 100, 1)} %)`,
      );
      expect(page).toContain(`of those ${text(zero!)} rows the product measures ${text(measured!)}`);
      expect(page).toContain(`median ${median} s, mean ${text(mean!, 1)} s, longest ${text(longest!)} s`);

      const [spans] = await figure('SELECT sum(last_s - first_s) / 3600 FROM span');
      const [onFlyers] = await figure('SELECT sum(dwell_s) / 3600 FROM dwell');
      const [silent] =
        await figure(`SELECT sum(least(last_s, to_s) - greatest(first_s, from_s)) / 3600 FROM span JOIN silence USING (user_id)
        WHERE from_s < last_s AND to_s > first_s`);
      expect(page).toContain(`${text(spans!, 1)} h between`);
      expect(page).toContain(`${text(onFlyers!, 1)} h on flyers`);
      expect(page).toContain(
        `${text(silent!, 1)} of the ${text(spans!, 1)} hours (${text((silent! / spans!) * 100, 1)} %)`,
      );

      const [over, users, times] =
        await figure(`SELECT count(*) FILTER (spans > life), count(*), max(spans / life) FROM
        (SELECT user_id, sum(last_s - first_s) AS spans FROM span GROUP BY 1) JOIN
        (SELECT user_id, max(s) - min(s) AS life FROM event GROUP BY 1) USING (user_id) WHERE life > 0`);
      expect(page).toContain(`For ${text(over!)} of ${text(users!)} users`);
      expect(page).toContain(`to ${text(times!)} times`);

      const [, dwell] =
        await figure(`SELECT "avg_time_in_Sec", dwell_s FROM seed JOIN dwell USING (user_id, merchant_id)
        WHERE avg_time = '5 hours 45 minutes 56.5 seconds'`);
      expect(page).toContain(`5 hours 45 minutes 56.5 seconds\`; the product counts ${dwell} s`);
    } finally {
      await duck.close();
    }
  });
});

/** The lines of the CSV, from the drop's lines. The real day quotes no field. */
function formulaOver(csv: string): string[] {
  const groups = new Map<string, number[]>();
  for (const line of csv.trimEnd().split(/\r?\n/).slice(1)) {
    const [timestamp, user, event, , merchant] = line.split(',');
    if (event !== 'flyer_open' && event !== 'item_open') continue;
    const key = `${user},${merchant},${timestamp!.slice(0, 10)}`;
    const instants = groups.get(key) ?? [];
    groups.set(key, instants);
    instants.push(Date.parse(timestamp!));
  }
  return [...groups].map(([key, instants]) => {
    const spanMs = Math.max(...instants) - Math.min(...instants);
    const micros = Math.round((spanMs * 1000) / instants.length);
    return `${key},${intervalText(micros)},${(micros / 1e6).toFixed(6)}`;
  });
}

function intervalText(micros: number): string {
  const [hours, minutes] = [Math.floor(micros / 3.6e9), Math.floor(micros / 6e7) % 60];
  const seconds = Number(((micros % 6e7) / 1e6).toFixed(6));
  const parts = [
    [hours, 'hours'],
    [minutes, 'minutes'],
    [seconds, 'seconds'],
  ].filter(([value]) => value !== 0);
  return parts.length === 0 ? '0 seconds' : parts.flat().join(' ');
}
