/**
 * Plots the metric against its timeout for a published day, and prints the figures:
 * `node bench/metric/plot-timeout.ts --lake L --date 2018-10-01 --out docs/images/timeout-sensitivity.svg`
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDuck } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { timeoutChart, timeText } from './timeout-chart.ts';
import { readDayOfUsers, timeoutFigures } from './timeout-figures.ts';

const TIMEOUTS_S = [30, 60, 120, 240, 480, 900, 1800, 3600, 7200];

const { values } = parseArgs({
  options: { lake: { type: 'string' }, date: { type: 'string' }, out: { type: 'string' } },
});
const { lake = './.flyerline/lake', date = '2018-10-01', out = 'timeout-sensitivity.svg' } = values;

const scratchDir = await mkdtemp(join(tmpdir(), 'flyerline-plot-'));
const store = await openStore(lake, { readOnly: true });
const duck = await openDuck({ memoryLimitBytes: 2 ** 29, threads: 2, tempDir: scratchDir });
try {
  const day = await readDayOfUsers(duck, store, date, scratchDir);
  const figures = TIMEOUTS_S.map((timeoutS) => timeoutFigures(day, timeoutS));
  await writeFile(out, timeoutChart(date, figures, day.params.inactivity_timeout_s));
  const rows = figures.map(({ timeoutS, meanS, medianS, longGapShare, unmeasuredShare }) =>
    [
      timeText(timeoutS),
      `${meanS.toFixed(1)} s`,
      `${medianS.toFixed(0)} s`,
      ...[longGapShare, unmeasuredShare].map((share) => `${(share * 100).toFixed(1)} %`),
    ].join(' | '),
  );
  const header = ['| T | mean per view | median | long gaps | unmeasured |', '|---|---|---|---|---|'];
  process.stdout.write(`${[...header, ...rows.map((row) => `| ${row} |`)].join('\n')}\n`);
} finally {
  await duck.close();
  await store.close();
  await rm(scratchDir, { recursive: true, force: true });
}
