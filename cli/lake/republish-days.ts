/** Republishes days from the command line: with the services of a run, and a scratch directory that is removed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../../lake/object-store.ts';
import { republishDay } from '../../tasks/republish-day.ts';
import type { CommandContext } from '../command-context.ts';
import { interruptSignal } from '../interrupt.ts';

export async function republishDays(
  lake: ObjectStore,
  { config, log }: CommandContext,
  days: readonly string[],
): Promise<void> {
  const signal = interruptSignal();
  const scratchDir = await mkdtemp(join(config.scratchDir, 'republish-'));
  // Exports are made of the lake alone.
  const services = { ...config, lake, drops: lake, scratchDir };
  try {
    for (const day of days) {
      signal.throwIfAborted();
      await republishDay(services, day, scratchDir, signal);
      log.debug('republished', { day });
    }
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
