/** Opens what the tasks work with, from the configuration: the lake (probed), the drops, a scratch directory. */
import { mkdir } from 'node:fs/promises';
import type { Config } from '../infra/config.ts';
import { openStore } from '../lake/open-store.ts';
import { probeStore } from '../lake/probe.ts';
import type { Services } from '../tasks/services.ts';

/**
 * Throws FL_STORE_UNFIT, FL_STORE_UNREACHABLE or FL_CONFIG_INVALID.
 * @param attemptsAtOnce share the limits of memory and threads
 */
export async function createServices(
  config: Config,
  attemptsAtOnce: number = config.engine.workerConcurrency,
): Promise<Services> {
  const lake = await openStore(config.lake, { s3: config.s3 });
  await probeStore(lake);
  const drops = await openStore(config.drops, { s3: config.s3, readOnly: true });
  await mkdir(config.scratchDir, { recursive: true });
  return {
    lake,
    drops,
    scratchDir: config.scratchDir,
    memoryLimitBytes: config.memoryLimitBytes,
    threads: config.threads,
    exportCsvGz: config.exportCsvGz,
    attemptsAtOnce,
  };
}

export async function closeServices(services: Services): Promise<void> {
  await Promise.all([services.lake.close(), services.drops.close()]);
}
