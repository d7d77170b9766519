/** The plot and the figures of the data scientists' guide are those of the real day. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { flyerlineJson } from '../support/flyerline.ts';
import { describeWith } from '../support/requirement.ts';
import { realDay } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const project = (path: string) => readFile(join(PROJECT_ROOT, path), 'utf8');

describeWith(realDay, 'node bench/metric/plot-timeout.ts on a real day', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const out = join(dir.path, 'plot.svg');
  let printed = '';

  beforeAll(async () => {
    const at = ['--date', '2018-10-01', '--lake', lake];
    await flyerlineJson(['run', 'nightly', ...at, '--drops', dirname(realDay.path)]);
    const script = join(PROJECT_ROOT, 'bench/metric/plot-timeout.ts');
    printed = (await run(process.execPath, [script, ...at, '--out', out])).stdout;
  });

  it('draws the picture of the guide', async () => {
    expect(await readFile(out, 'utf8')).toBe(await project('docs/images/timeout-sensitivity.svg'));
  });

  it('prints the table of the guide, and the mean of the published day', async () => {
    expect(await project('docs/guides/time-on-flyer-for-data-scientists.md')).toContain(printed);
    const csv = join(lake, 'current/csv/flyer_views/dt=2018-10-01/flyer_views.csv');
    const [header, ...rows] = (await readFile(csv, 'utf8')).trimEnd().split('\n');
    const [dwell, suspect] = ['dwell_s', 'suspect'].map((name) => header!.split(',').indexOf(name));
    const measured = rows
      .map((row) => row.split(','))
      .filter((cells) => cells[suspect!] === '0' && cells[dwell!] !== '')
      .map((cells) => Number(cells[dwell!]));
    const mean = measured.reduce((sum, value) => sum + value, 0) / measured.length;
    expect(printed).toContain(`| 30 min | ${mean.toFixed(1)} s |`);
  });
});
