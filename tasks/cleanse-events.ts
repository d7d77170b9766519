/** Cleanse: normalise ids, fill gaps, drop duplicates, put each user's events in the rules' order (R2 to R5, R13). */
import { join } from 'node:path';
import { type Duck, KEEP_JOIN_ORDER, openDuck, writeParquet } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { sha256Hex } from '../lake/sha256.ts';
import { cleanEvents, stagedEvents } from './assets.ts';
import { bucketLimits } from './bucket-limits.ts';
import { openBucketRows } from './cleanse/bucket-rows.ts';
import { type CountedRows, putDropCounts } from './cleanse/drop-counts.ts';
import { openOnlyMerchants } from './cleanse/only-merchants.ts';
import { DAY_MS, dayStartMs, horizonEndMs } from './day-horizon.ts';
import { defineTask } from './define-task.ts';
import { createWordTable, encodeIds } from './enums.ts';
import { EVENT_NAMES } from './events.ts';
import { readDayInputs } from './ingest/day-inputs.ts';
import { putTable } from './put-table.ts';
import type { BucketRef, CleanRef, DayInputs } from './refs.ts';
import { bucketPart, type HorizonKeys, horizonKeys } from './scratch-keys.ts';
import { type SqlValue, setVariables, sqlFile } from './sql-file.ts';
import { CLEAN_EVENTS } from './tables.ts';

const sql = sqlFile(new URL('./cleanse-events.sql', import.meta.url));

export const cleanseEvents = defineTask({
  name: 'cleanse-events',
  reads: { raw: stagedEvents },
  makes: cleanEvents,
  expand: 'raw',
  async run({ services, scratchDir }, { raw }) {
    const inputs = await readDayInputs(services.lake, raw.inputsKey);
    const duck = await openDuck({ ...bucketLimits(services, raw), tempDir: scratchDir });
    try {
      return await cleanseBucket(duck, services.lake, inputs, raw, scratchDir);
    } finally {
      await duck.close();
    }
  },
});

/** Puts the bucket's clean events, and what the dwell rules need of the horizon, into the lake. */
export async function cleanseBucket(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  ref: BucketRef,
  scratchDir: string,
): Promise<CleanRef> {
  await duck.run(KEEP_JOIN_ORDER);
  const files = await openBucketRows(duck, store, inputs, ref, scratchDir);
  const has = await findOptionalColumns(duck);
  await setVariables(duck, { ...variablesOf(inputs), has_ids: has.ids, has_received_at: has.received });
  await duck.run(sql('macros'));
  await duck.run(sql('horizon'));
  await openOnlyMerchants(duck, store, inputs, scratchDir);
  await duck.run(sql('events'));
  await duck.run(sql(has.ids ? 'sort events with ids' : 'sort plain events'));
  if (has.ids) await duck.run(sql('drop repeated ids'));
  await duck.run(sql('drop duplicates'));
  if (has.seq) await duck.run(sql('order by sequence'));
  await duck.run(sql(has.ids ? 'kept events with ids' : 'kept plain events'));
  await duck.run(sql('users'));
  await putDropCounts(store, ref, files, await duck.rows<CountedRows>(sql('drop counts')));
  const counters = await duck.rows<{ name: string; value: number }>(sql('counters'));
  const dq = Object.fromEntries(counters.map(({ name, value }) => [name, value]));
  dq.rows_dropped_duplicate = dq.rows_read! - dq.events_kept!;

  const keys = horizonKeys(ref);
  const horizon = await putHorizon(duck, store, keys, scratchDir);
  await createWordTable(duck, 'event_word', EVENT_NAMES);
  await encodeIds(duck, 'place');
  const cleanEvents = await putTable(duck, store, CLEAN_EVENTS, {
    query: sql('clean events'),
    day: ref.day,
    tokens: ref.tokens,
    part: bucketPart(ref),
    params: inputs.params,
    scratchDir,
  });
  const fingerprint = sha256Hex([cleanEvents.sha256, ...horizon].join());
  return { ...ref, cleanEvents, horizonKey: keys.events, fingerprint, dq };
}

interface OptionalColumns {
  /** An event_id or a sequence number. */
  readonly ids: boolean;
  readonly seq: boolean;
  readonly received: boolean;
}

/** What drops may carry or not. Asking costs little: a column of NULLs is a few bytes. */
async function findOptionalColumns(duck: Duck): Promise<OptionalColumns> {
  const [found] = await duck.rows<OptionalColumns>(sql('optional columns'));
  return found!;
}

function variablesOf(inputs: DayInputs): Record<string, SqlValue> {
  const { day, params, files, asOfMs } = inputs;
  const startMs = dayStartMs(day);
  const ofDay = files.filter((file) => file.day === day);
  return {
    day,
    day_start_ms: startMs,
    horizon_end_ms: horizonEndMs(day, params),
    timeout_ms: Math.round(params.inactivity_timeout_s * 1000),
    first_instant_ms: ofDay.reduce(
      (first, { minInstantMs }) => Math.min(first, minInstantMs),
      startMs + DAY_MS,
    ),
    as_of_rel_ms: (asOfMs ?? startMs) - startMs,
    allowed_lateness_ms: Math.round(params.allowed_lateness_s * 1000),
    events_per_day_max: params.suspect_events_per_day,
    events_per_minute_max: params.suspect_events_per_minute,
  };
}

/** Resolves to the digests of what was put. */
async function putHorizon(
  duck: Duck,
  store: ObjectStore,
  keys: HorizonKeys,
  scratchDir: string,
): Promise<string[]> {
  const digests: string[] = [];
  for (const name of ['events', 'users', 'places'] as const) {
    const path = join(scratchDir, `horizon-${name}.parquet`);
    const { sha256 } = await writeParquet(duck, {
      query: sql(`horizon ${name}`),
      path,
      compression: 'snappy',
    });
    await store.putFile(keys[name], path, { isGiven: true });
    digests.push(sha256);
  }
  return digests;
}
