/** Days from the rows of a test to a lake: computed by the tasks' own functions, checked, committed, exported. */
import { join } from 'node:path';
import type { TaskContext } from '../../engine/task-context.ts';
import { createLogger } from '../../infra/log.ts';
import { claimPartition } from '../../lake/claim.ts';
import { openStore } from '../../lake/open-store.ts';
import { checkDay } from '../../tasks/check-day.ts';
import { compareMerchants } from '../../tasks/compare-merchants.ts';
import { publishDay } from '../../tasks/publish-day.ts';
import { republishDay } from '../../tasks/republish-day.ts';
import type { Services } from '../../tasks/services.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { type ComputeOptions, computeDay } from './compute-days.ts';
import { type RawRow, stageEvents } from './stage-events.ts';

export interface PublishOptions extends ComputeOptions {
  /** Whether `current/` shows the days too. @default false */
  readonly exported?: boolean;
}

/** Each day can be published once. */
export async function publishDays(
  lakeDir: string,
  rows: readonly RawRow[],
  options: PublishOptions = {},
): Promise<void> {
  const scratchDir = join(lakeDir, '..', 'scratch');
  const store = await openStore(lakeDir);
  try {
    const { inputs, refs } = await stageEvents(store, rows, options);
    const limits = { memoryLimitBytes: 512 * 2 ** 20, threads: options.threads ?? 1 };
    const services = { lake: store, drops: store, scratchDir, ...limits };
    for (const [index, ofDay] of inputs.entries()) {
      if (options.days && !options.days.includes(ofDay.day)) continue;
      // The staged references name each table's first claim.
      for (const { name } of PUBLISHED_TABLES) await claimPartition(store, name, ofDay.day);
      const tables = await computeDay(store, ofDay, refs[index]!, scratchDir, limits.threads);
      const context = taskContext(services, scratchDir);
      const checked = await checkDay.run(context, { tables });
      const published = await publishDay.run(context, { checked });
      await compareMerchants.run(context, { published });
      if (options.exported) await republishDay(services, ofDay.day, scratchDir, new AbortController().signal);
    }
  } finally {
    await store.close();
  }
}

/** What these tasks use of it. */
function taskContext(services: Services, scratchDir: string): TaskContext<Services> {
  const log = createLogger({ level: 'error', format: 'pretty', name: 'test' });
  // Days of a few rows, of which one is bad, are no reason to stop.
  const params = { rejected_share_max: 1 };
  const { signal } = new AbortController();
  const context = {
    services,
    scratchDir,
    params,
    log,
    signal,
    runId: 'test',
    attempt: 1,
    progress: () => {},
  };
  return context as unknown as TaskContext<Services>;
}
