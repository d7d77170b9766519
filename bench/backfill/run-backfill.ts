/** `bench backfill`: the same days in one way after the other, from a copy of the same lake; a table or JSON at the end. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../cli/exit-code.ts';
import { interruptSignal } from '../../cli/interrupt.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { formatCount, formatDuration, ProgressDisplay, style, table } from '../../cli/terminal.ts';
import { acquireRedis } from '../../infra/redis-server.ts';
import { describeEnvironment } from '../support/environment.ts';
import type { BackfillBenchOptions } from './command.ts';
import type { BackfillResult, WayResult } from './result.ts';
import type { RunCommand } from './run-command.ts';
import { copyLake, dayOf, exportsOf, makeSmallDays, type SmallDays } from './small-days.ts';
import { WAYS, type Way } from './ways.ts';

export async function runBackfillBench(options: BackfillBenchOptions): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'flyerline-bench-backfill-'));
  const progress = new ProgressDisplay();
  try {
    const result = await measureBackfill(root, options, progress, interruptSignal());
    progress.stop();
    process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
    process.exitCode = result.ok ? EXIT.ok : EXIT.failed;
  } finally {
    progress.stop();
    await rm(root, { recursive: true, force: true });
  }
}

/** @param root empty; the caller removes it. */
export async function measureBackfill(
  root: string,
  options: BackfillBenchOptions,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<BackfillResult> {
  const environment = describeEnvironment(PROJECT_ROOT);
  const { workers, maxActive } = options;
  progress.update('make', {
    label: `${formatCount(options.days)} days, generated and read`,
    state: 'running',
  });
  const small = await makeSmallDays(root, options, signal);
  progress.update('make', { state: 'done' });
  const server = await acquireRedis({ dataDir: join(root, 'redis') });
  try {
    const ways: WayResult[] = [];
    let first: ReadonlyMap<string, string> | undefined;
    for (const way of WAYS) {
      const days = small.days.slice(0, way.days(options));
      const isAsked = options.only.length === 0 || options.only.includes(way.name);
      if (days.length === 0 || !isAsked) continue;
      const { wallMs, exports } = await makeIn(way, {
        root,
        small,
        days,
        options,
        redisUrl: server.url,
        progress,
        signal,
      });
      first ??= exports;
      ways.push({
        way: way.title,
        days: days.length,
        wallMs,
        daysPerMinute: (days.length * 60_000) / wallMs,
        different: differing(first, exports, days),
      });
    }
    const { rowCount, dropCount, firstPlanMs } = small;
    const ok = ways.every(({ different }) => different.length === 0);
    const about = { benchmark: 'backfill', environment, days: options.days } as const;
    return { ...about, rowCount, dropCount, workers, maxActive, firstPlanMs, ways, ok };
  } finally {
    await server.stop();
  }
}

interface Making {
  readonly root: string;
  readonly small: SmallDays;
  readonly days: readonly string[];
  readonly options: Pick<BackfillBenchOptions, 'workers' | 'maxActive'>;
  readonly redisUrl: string;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
}

/** In a lake of its own, which is removed again. */
async function makeIn(
  way: Way,
  { root, small, days, options, redisUrl, progress, signal }: Making,
): Promise<{ readonly wallMs: number; readonly exports: ReadonlyMap<string, string> }> {
  const dir = join(root, way.name);
  await mkdir(dir);
  const lake = await copyLake(small, join(dir, 'lake'));
  const run: RunCommand = { lake, drops: small.drops, scratch: join(dir, 'scratch'), signal };
  const total = days.length;
  progress.update(way.name, { label: way.title, state: 'running', done: 0, total });
  const looking = setInterval(() => {
    void daysShown(lake).then((done) => progress.update(way.name, { done: Math.min(done, total) }));
  }, LOOK_MS);
  try {
    const isByWorkers = way.name === 'runs' || way.name === 'fused';
    const redis = isByWorkers ? { redis: { url: redisUrl, prefix: `bench-${way.name}` } } : {};
    const wallMs = await way.make({ ...run, ...redis }, days, options);
    progress.update(way.name, { done: total, state: 'done' });
    return { wallMs, exports: await exportsOf(lake, days) };
  } finally {
    clearInterval(looking);
    await rm(dir, { recursive: true, force: true });
  }
}

/** Exports of these days by name that are not in both with the same bytes. */
export function differing(
  first: ReadonlyMap<string, string>,
  second: ReadonlyMap<string, string>,
  days: readonly string[],
): string[] {
  const wanted = new Set(days);
  const names = new Set([...first.keys(), ...second.keys()]);
  return [...names].filter((name) => wanted.has(dayOf(name)) && first.get(name) !== second.get(name));
}

const LOOK_MS = 1_000;

/** Of the table that is exported last. */
async function daysShown(lake: string): Promise<number> {
  const names = await readdir(join(lake, 'current/csv/merchant_day')).catch(() => []);
  return names.filter((name) => name.startsWith('dt=')).length;
}

function describe({ environment, ways, workers, ...result }: BackfillResult): string {
  const { cpuModel, cpuCount, node, loadAverage } = environment;
  const { days, rowCount, dropCount, maxActive, firstPlanMs, ok } = result;
  const one = ways[0]!.daysPerMinute;
  const text = table(ways, [
    { header: '', value: ({ way }) => way },
    { header: 'days', value: ({ days: made }) => formatCount(made), align: 'right' },
    { header: 'time', value: ({ wallMs }) => formatDuration(wallMs), align: 'right' },
    { header: 'days/min', value: ({ daysPerMinute }) => daysPerMinute.toFixed(1), align: 'right' },
    { header: '×', value: ({ daysPerMinute }) => (daysPerMinute / one).toFixed(2), align: 'right' },
    { header: 'same bytes', value: ({ different }) => (different.length === 0 ? 'yes' : 'NO') },
  ]);
  const busy = style.yellow(`The machine was busy (load ${loadAverage.toFixed(1)}): times are too long.`);
  const wrong = ways.flatMap(({ way, different }) => different.slice(0, 5).map((name) => `${way}: ${name}`));
  return [
    '',
    style.dim(`${cpuCount} × ${cpuModel}, Node.js ${node}; ${workers} workers, ${maxActive} days at a time`),
    style.dim(
      `${formatCount(days)} days, ${formatCount(rowCount)} rows in ${formatCount(dropCount)} drops; ` +
        `read and planned in ${formatDuration(firstPlanMs)}`,
    ),
    ...(loadAverage > 0.5 ? [busy] : []),
    '',
    text,
    ...(ok ? [] : ['', style.red('These exports differ:'), ...wrong]),
  ].join('\n');
}
