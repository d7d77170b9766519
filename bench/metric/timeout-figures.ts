/** How the metric depends on its timeout: a published day's events through the rules, once for each timeout. */
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { viewRulesOf } from '../../tasks/dwell/view-rules.ts';
import { traceUser } from '../../tasks/explain/trace-user.ts';
import type { UserEvent } from '../../tasks/explain/user-event.ts';
import { type MetricParams, metricParamsSchema } from '../../tasks/metric-params.ts';

export interface TimeoutFigures {
  readonly timeoutS: number;
  /** Of measured views, s. */
  readonly meanS: number;
  readonly medianS: number;
  /** Dwell in views' single silences longer than long_gap_s, of all dwell. */
  readonly longGapShare: number;
  /** Views without dwell, of all views. */
  readonly unmeasuredShare: number;
  readonly views: number;
}

export interface DayOfUsers {
  /** Each user's events in the order of the rules. */
  readonly users: readonly (readonly UserEvent[])[];
  readonly params: MetricParams;
  readonly asOfMs: number;
}

/** Suspects are left out: one of them would be a seventh of the real day. */
export async function readDayOfUsers(
  duck: Duck,
  store: ObjectStore,
  day: string,
  scratchDir: string,
): Promise<DayOfUsers> {
  const snapshot = await readSnapshot(store, 'clean_events');
  const manifest = await readHeadManifest(store, 'clean_events', day, snapshot);
  if (manifest === undefined)
    throw new Error(`${day} is not published in ${store.url}: run nightly for it first.`);
  const paths = await Promise.all(
    filesOfDay(snapshot, day).map(({ key }) => store.fetchFile(key, scratchDir)),
  );
  const events = await duck.rows<UserEvent & { user: string }>(
    `SELECT user_id AS user, day::VARCHAR AS day, 0 AS "dayNo", round(ts * 1000)::DOUBLE AS "instantMs",
       (round(ts * 1000) + utc_offset_s * 1000)::DOUBLE AS "localMs", event, flyer_id AS "flyerId", merchant_id AS "merchantId",
       merchant_filled = 1 AS "merchantFilled", suspect = 1 AS suspect
     FROM read_parquet(${sqlPaths(paths)}) WHERE suspect = 0 ORDER BY user_id, event_no`,
  );
  return {
    users: [...Map.groupBy(events, ({ user }) => user).values()],
    params: metricParamsSchema.parse(manifest.params),
    asOfMs: manifest.asOfMs ?? 0,
  };
}

export function timeoutFigures({ users, params, asOfMs }: DayOfUsers, timeoutS: number): TimeoutFigures {
  const rules = viewRulesOf({ ...params, inactivity_timeout_s: timeoutS });
  const views = users.flatMap((events) => {
    const { steps, atEnd } = traceUser(events, rules, asOfMs);
    return [...steps.map(({ ended }) => ended), atEnd].filter((view) => view !== undefined);
  });
  const measured = views.flatMap(({ dwellMs, maxGapMs }) =>
    dwellMs === null ? [] : [{ dwellMs, maxGapMs }],
  );
  const dwellMs = measured.map((view) => view.dwellMs).sort((a, b) => a - b);
  const totalMs = dwellMs.reduce((sum, ms) => sum + ms, 0);
  const longMs = measured
    .filter(({ maxGapMs }) => maxGapMs > params.long_gap_s * 1000)
    .reduce((sum, view) => sum + Math.min(view.maxGapMs, view.dwellMs), 0);
  return {
    timeoutS,
    meanS: totalMs / dwellMs.length / 1000,
    medianS: median(dwellMs) / 1000,
    longGapShare: totalMs === 0 ? 0 : longMs / totalMs,
    unmeasuredShare: 1 - measured.length / views.length,
    views: views.length,
  };
}

/** R15. */
function median(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
