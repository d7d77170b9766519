/** The demo's last words: where everything is, and what to try next. */
import type { Truth } from '../../tasks/generate-drops.ts';
import { padEnd } from '../terminal/width.ts';
import { formatDuration } from '../terminal.ts';
import type { DemoDir } from './demo-dir.ts';
import { type ReportContext, section } from './report.ts';
import type { DemoStack } from './stack.ts';

export function heading(days: readonly string[], { style }: Pick<ReportContext, 'style'>): string {
  const span = days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`;
  return style.bold(`nightly, ${span}: the scheduler catches up, two workers take the tasks from Redis`);
}

/** @param paths as a user here would type them */
export function whereReport(paths: DemoDir, days: readonly string[], { style }: ReportContext): string {
  const [day] = days;
  return section(
    'Where it is',
    pairs(
      [
        ['drops', `${paths.data}/drops`],
        ['truth', `${paths.data}/truth.json`],
        ['csv', `${paths.lake}/current/csv/merchant_day/dt=${day}/merchant_day.csv`],
        ['parquet', `${paths.lake}/current/parquet/merchant_day/dt=${day}/merchant_day.parquet`],
        ['delta', `${paths.lake}/tables/merchant_day`],
        ['logs', paths.logs],
      ],
      style.dim,
    ),
    style,
  );
}

export function nextReport(paths: DemoDir, truth: Truth, { style }: ReportContext): string {
  const drops = `${paths.data}/drops`;
  const { start } = truth.options;
  return section(
    'Try next',
    commands(
      [
        [
          `run nightly --date ${start} --drops ${drops} --lake ${paths.lake}`,
          'the same day again: nothing to do',
        ],
        [
          `run nightly --date ${start} --drops ${drops} --lake ${paths.lake} --force`,
          'computed anew: the same bytes',
        ],
        ['generate --out data --users 20000 --seed 1', 'another world'],
        ['demo --serve', 'the demo, left running'],
      ],
      style.dim,
    ),
    style,
  );
}

export function servingReport(paths: DemoDir, stack: DemoStack, { style }: ReportContext): string {
  return section(
    'Running until Ctrl-C',
    pairs(
      [
        ['redis', `redis-cli -u ${stack.redisUrl}`],
        ['keys', `${stack.redisPrefix}:*`],
        ['logs', `tail -f ${paths.logs}/*.log`],
        ['settings', `FLYERLINE_CONFIG=${paths.config}`],
      ],
      style.dim,
    ),
    style,
  );
}

export function verdict(ok: boolean, durationMs: number, { style }: ReportContext): string {
  const took = style.dim(`in ${formatDuration(durationMs)}`);
  return ok
    ? `${style.green('✓')} ${style.bold('Every row is accounted for, and every figure is right,')} ${took}`
    : `${style.red('✗')} ${style.bold('Something is wrong; see above.')} ${took}`;
}

function pairs(rows: readonly (readonly [string, string])[], dim: (text: string) => string): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${dim(padEnd(name, width))}  ${value}`).join('\n');
}

/** One below the other: the commands are long, and there to be copied. */
function commands(rows: readonly (readonly [string, string])[], dim: (text: string) => string): string {
  return rows.map(([command, what]) => `${dim(`# ${what}`)}\n./flyerline ${command}`).join('\n');
}
