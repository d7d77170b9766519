/** `workers` and `pools`: who is at work, and how much may run at a time. */
import { listPools, type PoolRow } from '../../engine/redis-pools.ts';
import { listProcesses, type SeenProcess } from '../../engine/redis-processes.ts';
import { runStore } from '../../engine/run-store.ts';
import type { CommonOptions } from '../common-options.ts';
import { formatCount, formatDuration, style, table } from '../terminal.ts';
import { withEngine } from './with-engine.ts';

export async function listWorkers(options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const [schedulers, workers] = await Promise.all([
      listProcesses(engine, 'scheduler'),
      listProcesses(engine, 'worker'),
    ]);
    if (json) process.stdout.write(`${JSON.stringify({ schedulers, workers })}\n`);
    else process.stdout.write(`${processesTable([...schedulers, ...workers])}\n`);
  });
}

export async function showPools(options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const pools = await listPools(engine);
    process.stdout.write(json ? `${JSON.stringify({ pools })}\n` : `${poolsTable(pools)}\n`);
  });
}

/** `slots` undefined: no limit any more. */
export async function setPool(
  pool: string,
  slots: number | undefined,
  options: CommonOptions,
): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    await runStore(engine).setPool(pool, slots);
    if (json) process.stdout.write(`${JSON.stringify({ pool, slots: slots ?? null })}\n`);
    else {
      const what =
        slots === undefined ? 'no limit' : `${formatCount(slots)} ${slots === 1 ? 'slot' : 'slots'}`;
      process.stdout.write(`${style.green('✓')} pool ${pool} has ${what}\n`);
    }
  });
}

function processesTable(processes: readonly SeenProcess[]): string {
  if (processes.length === 0) return 'No scheduler and no worker has lately shown a sign of life.';
  return table(processes, [
    { header: 'Process', value: ({ id }) => id, widthMax: 40 },
    { header: 'Kind', value: ({ kind, draining }) => (draining ? `${kind}, draining` : kind) },
    { header: 'Queues', value: ({ queues }) => queues.join(', ') || undefined },
    {
      header: 'Runs',
      value: ({ kind, running, concurrency }) =>
        kind === 'worker' ? `${running} of ${concurrency}` : undefined,
      align: 'right',
    },
    { header: 'Host', value: ({ host, pid }) => `${host} ${pid}`, widthMax: 40 },
    { header: 'Version', value: ({ version }) => version },
    {
      header: 'Seen',
      value: ({ seenAtMs }) => `${formatDuration(Math.max(0, Date.now() - seenAtMs))} ago`,
      align: 'right',
    },
  ]);
}

function poolsTable(pools: readonly PoolRow[]): string {
  if (pools.length === 0) return 'No DAG uses a pool yet.';
  return table(pools, [
    { header: 'Pool', value: ({ pool }) => pool },
    { header: 'Slots', value: ({ slots }) => slots ?? 'no limit', align: 'right' },
    { header: 'Taken', value: ({ taken }) => taken, align: 'right' },
    { header: 'Waiting', value: ({ waiting }) => waiting, align: 'right' },
  ]);
}
