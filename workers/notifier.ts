/** The notifier of a scheduler: looks at what has happened, decides who is told, and delivers. Nothing of the engine waits for it. */
import type { Dag } from '../engine/dag.ts';
import type { DagStore } from '../engine/dag-store.ts';
import { announce } from '../engine/notify/announce.ts';
import { WATCH_MS, type WatchedDag, watchDeadlines } from '../engine/notify/deadline-notices.ts';
import { deliverDue } from '../engine/notify/deliver.ts';
import { readEvents } from '../engine/notify/event-notices.ts';
import type { Notice } from '../engine/notify/notice.ts';
import { notifyStore } from '../engine/notify/notify-store.ts';
import { recentIntervals } from '../engine/notify/recent-intervals.ts';
import { readRestated } from '../engine/notify/restatement-notices.ts';
import type { RedisEngine } from '../engine/redis-engine.ts';
import { scheduleOf } from '../engine/scheduler-loop.ts';
import type { Config } from '../infra/config.ts';
import type { Logger } from '../infra/log.ts';
import { openStore } from '../lake/open-store.ts';
import { every, type Repetition } from './every.ts';

export interface NotifierOptions {
  readonly engine: RedisEngine;
  readonly dags: readonly Dag[];
  readonly dagStates: DagStore;
  readonly config: Config;
  readonly log: Logger;
  /** Whether this scheduler is to do the work. It only saves work: two may. */
  readonly leads: () => Promise<boolean>;
  /** Epoch ms, for deadlines. */
  readonly clock: () => number;
  /** Epoch ms. Where nobody has looked before, what has happened since then is news. */
  readonly startedAtMs: number;
}

/** Looks at events for one look at deadlines. */
const DEADLINES_EVERY = 5;
const DELIVER_MS = 1_000;
/** Of the lake's feeds: numbers that changed are no emergency. */
const FEEDS_MS = 15_000;
/** Intervals of a schedule change with the days, not with the seconds. */
const INTERVALS_MS = 60_000;
/** Deadlines may be days after the interval. */
const INTERVALS_WITHIN_MS = 2 * WATCH_MS;

export function startNotifier(options: NotifierOptions): Repetition {
  const { config, log, leads } = options;
  const store = notifyStore(options.engine);
  const stopping = new AbortController();
  const failed = (what: string) => (error: unknown) =>
    log.error(`The notifier could not ${what}.`, { error });
  const tickMs = config.engine.schedulerTickMs;
  const channels = Object.entries(config.notify.channels);

  const look = lookAtRuns(options);
  const loops = [
    every(tickMs, async () => ((await leads()) && (await look()) ? 0 : undefined), failed('look')),
  ];
  if (channels.some(([, { on }]) => on.includes('restatement'))) {
    const lookAtFeeds = feedReader(options);
    loops.push(
      every(
        Math.min(FEEDS_MS, 15 * tickMs),
        async () => {
          // When somebody else was faster, it is looked at again soon.
          return (await leads()) && !(await lookAtFeeds()) ? tickMs : undefined;
        },
        failed('look at the feeds of the lake'),
      ),
    );
  }
  for (const [channel, settings] of channels) {
    const delivery = { store, channel, settings, log, signal: stopping.signal };
    loops.push(
      every(
        Math.min(DELIVER_MS, tickMs),
        async () => {
          if (await leads()) await deliverDue(delivery);
          return undefined;
        },
        failed(`deliver to "${channel}"`),
      ),
    );
  }
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}

/** One look at events and deadlines; true when more events wait. */
function lookAtRuns({
  engine,
  dags,
  dagStates,
  config,
  log,
  clock,
  startedAtMs,
}: NotifierOptions): () => Promise<boolean> {
  const store = notifyStore(engine);
  const withDeadlines = dags.filter(
    ({ options: { schedule, deadlines = [] } }) => schedule !== null && deadlines.length > 0,
  );
  const intervalsOf = intervalCache(config);
  let looks = 0;
  return async () => {
    const nowMs = clock();
    const opened = await store.open();
    const { notices, durations, more } = await readEvents(engine, opened.ledger, dags, startedAtMs);
    // A run of thousands of instances is read whole to estimate its end: not at every look.
    const due = looks++ % DEADLINES_EVERY === 0 ? withDeadlines : [];
    const watched = await Promise.all(
      due.map(async (dag): Promise<WatchedDag> => {
        const paused = (await dagStates.get(dag.id))?.paused === true;
        return { dag, paused, intervals: intervalsOf(dag, nowMs) };
      }),
    );
    const deadlines = watched.length === 0 ? [] : await watchDeadlines(engine, opened.ledger, watched, nowMs);
    const deliveries = announce(opened.ledger, [...notices, ...deadlines], config.notify, nowMs);
    const done = await store.commit(opened, { deliveries, durations });
    if (done) tell(log, deadlines);
    return done && more;
  };
}

/** Deadlines are in the log even when nobody is to be told; failures are there already. */
function tell(log: Logger, notices: readonly Notice[]): void {
  for (const notice of notices) {
    if (notice.kind !== 'deadline') continue;
    const { type, run, of, deadlineMs, why } = notice;
    const about = { dagId: run.dagId, day: run.day, of, deadline: new Date(deadlineMs).toISOString(), why };
    if (type === 'deadline-at-risk' || type === 'deadline-missed')
      log.warn('A deadline is in danger.', { type, ...about });
    else log.info('A deadline is settled.', { type, ...about });
  }
}

function intervalCache(config: Config) {
  const known = new Map<string, { readonly atMs: number; readonly intervals: WatchedDag['intervals'] }>();
  return (dag: Dag, nowMs: number) => {
    let entry = known.get(dag.id);
    if (entry === undefined || Math.abs(nowMs - entry.atMs) > INTERVALS_MS) {
      const schedule = scheduleOf(dag, config.dags[dag.id] ?? {});
      entry = { atMs: nowMs, intervals: recentIntervals(schedule, nowMs, INTERVALS_WITHIN_MS) };
      known.set(dag.id, entry);
    }
    return entry.intervals;
  };
}

/** One look at the feeds; false when another scheduler was faster. */
function feedReader({ engine, config, clock }: NotifierOptions): () => Promise<boolean> {
  const store = notifyStore(engine);
  return async () => {
    const lake = await openStore(config.lake, { s3: config.s3, readOnly: true });
    try {
      const opened = await store.open();
      const notices = await readRestated(lake, opened.ledger);
      const deliveries = announce(opened.ledger, notices, config.notify, clock());
      return await store.commit(opened, { deliveries });
    } finally {
      await lake.close();
    }
  };
}
