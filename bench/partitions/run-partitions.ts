/** Measures knowing and planning many partitions: the best of some runs, each from nothing but the lake. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { formatCount, formatDuration, table } from '../../cli/terminal.ts';
import { planBackfill } from '../../engine/backfill/plan-backfill.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { readPartitions } from '../../tasks/partitions/read-partitions.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { describeEnvironment } from '../support/environment.ts';
import type { PartitionsBenchOptions } from './command.ts';
import { makeManyDays } from './many-days.ts';

const ASSETS = ['clean_events', 'rejected_events', 'flyer_views', 'user_flyer_day', 'user_day', 'flyer_day'];
const ROUNDS = 3;

interface Measured {
  readonly what: string;
  readonly partitions: number;
  readonly ms: number;
}

export async function runPartitions(options: PartitionsBenchOptions): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'flyerline-bench-partitions-'));
  try {
    process.stderr.write(`▸ making ${formatCount(options.days)} days\n`);
    const results = await measurePartitions(root, options);
    const said = { environment: describeEnvironment(PROJECT_ROOT), days: options.days, results };
    process.stdout.write(options.json === true ? `${JSON.stringify(said)}\n` : `${textOf(results)}\n`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

export async function measurePartitions(root: string, options: PartitionsBenchOptions): Promise<Measured[]> {
  const tables = LAKE_TABLES.filter(({ name }) => ASSETS.includes(name));
  const { lake, drops, from, to } = await makeManyDays(root, tables, options);
  const read = (assets: readonly string[]) =>
    readPartitions(
      { lake, drops },
      { from, to, assets, params: metricParamsSchema.parse({}), nowMs: Date.now(), explainedMax: 0 },
    );
  try {
    const one = await best(() => read(ASSETS.slice(0, 1)));
    const six = await best(() => read(ASSETS));
    const { facts } = six.result!;
    const plan = await best(async () => planBackfill(planOptions(facts)));
    const both = await best(async () => planBackfill(planOptions((await read(ASSETS))!.facts)));
    return [
      { what: 'states of one table', partitions: one.result!.assessments.length, ms: one.ms },
      { what: 'states of six tables', partitions: six.result!.assessments.length, ms: six.ms },
      { what: 'plan from these facts', partitions: plan.result.summary.partitions, ms: plan.ms },
      { what: 'read and plan', partitions: both.result.summary.partitions, ms: both.ms },
    ];
  } finally {
    await Promise.all([lake.close(), drops.close()]);
  }
}

type Facts = Parameters<typeof planBackfill>[0]['facts'];

const planOptions = (facts: Facts): Parameters<typeof planBackfill>[0] => ({
  ...{ dagId: 'nightly', dagVersion: 'bench', taskCount: 10, facts, assets: ASSETS },
  ...{ reprocess: ['missing', 'failed', 'stale'], params: {}, backwards: false, maxActive: 2, allRead: true },
  ...{ estimateMs: () => 1_000, historyRuns: 1, nowMs: Date.now(), nightlyAtMs: undefined },
});

async function best<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  let ms = Number.POSITIVE_INFINITY;
  let result: T | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    result = await work();
    ms = Math.min(ms, performance.now() - startMs);
  }
  return { result: result!, ms };
}

function textOf(results: readonly Measured[]): string {
  return table(results, [
    { header: '', value: ({ what }) => what },
    { header: 'partitions', value: ({ partitions }) => formatCount(partitions), align: 'right' },
    { header: 'time', value: ({ ms }) => formatDuration(ms), align: 'right' },
  ]);
}
