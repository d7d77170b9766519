/** The archivist of a scheduler: takes ended runs to the lake, and brings them back when it finds an empty Redis. */
import { ARCHIVED_MAX, archiveRuns } from '../engine/archive/archive-runs.ts';
import { type StateKeeper, stateKeeper } from '../engine/archive/keep-state.ts';
import { isRecovered, recoverRuns } from '../engine/archive/recover-runs.ts';
import { type RunHistory, runHistory } from '../engine/archive/run-history.ts';
import type { RedisEngine } from '../engine/redis-engine.ts';
import type { Config } from '../infra/config.ts';
import type { Logger } from '../infra/log.ts';
import { openStore } from '../lake/open-store.ts';
import { every } from './every.ts';

export interface Archivist {
  /**
   * To be awaited before runs are made: else what has been done long ago is asked for again. Whether Redis was new, so that it
   * knows no DAGs. Throws when the lake cannot be read.
   */
  recoverIfEmpty(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface ArchivistOptions {
  readonly engine: RedisEngine;
  readonly config: Config;
  readonly log: Logger;
  /** Whether this scheduler is to do the work. It only saves work: two may. */
  readonly leads: () => Promise<boolean>;
}

/** How often it looks for ended runs. While nothing else is to be done, they are in the lake after so long. */
const ARCHIVE_MS = 2_000;
/** When there is no quiet moment, they are there after so long and one look more. */
const PATIENCE_MS = 10_000;
/** Between two looks while there is a backlog. */
const BREATH_MS = 100;
/** What of the runs under way may be forgotten when Redis is lost: those asked for by hand later than this. */
const STATE_MS = 5_000;

export function startArchivist({ engine, config, log, leads }: ArchivistOptions): Archivist {
  // Opened when it is first needed, and again when that fails: a lake that is away must not keep Redis from being served.
  let opened: Promise<RunHistory> | undefined;
  let close: () => Promise<void> = async () => {};
  let keeper: StateKeeper | undefined;
  const open = async (): Promise<RunHistory> => {
    const store = await openStore(config.lake, { s3: config.s3 });
    close = () => store.close();
    return runHistory(store, engine.prefix);
  };
  const history = (): Promise<RunHistory> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const failed = (what: string) => (error: unknown) =>
    log.warn(`The scheduler could not ${what}.`, { error });
  const loops = [
    every(
      ARCHIVE_MS,
      async () => {
        if (!(await leads())) return undefined;
        const archived = await archiveRuns(engine, await history(), { patienceMs: PATIENCE_MS });
        return archived === ARCHIVED_MAX ? BREATH_MS : undefined;
      },
      failed('take ended runs to the lake'),
    ),
    every(
      STATE_MS,
      async () => {
        if (!(await leads())) return undefined;
        keeper ??= stateKeeper(engine, await history());
        await keeper.keep();
        return undefined;
      },
      failed('keep the state of schedules in the lake'),
    ),
  ];
  return {
    async recoverIfEmpty() {
      if (await isRecovered(engine)) return false;
      const { ended, again, unreadable } = await recoverRuns(engine, await history());
      if (ended + again > 0) log.info('Runs were brought back from the lake.', { ended, again });
      if (unreadable.length > 0)
        log.warn('Runs in the lake cannot be read.', { runs: unreadable.slice(0, 20) });
      return true;
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await close();
    },
  };
}
