/** Dwell: a bucket's events through the rules; views and per-user facts come out (R6 to R14). */
import { join } from 'node:path';
import { invariant } from '../infra/errors.ts';
import { inTurn } from '../infra/in-turn.ts';
import { int8Column, int32Column, uint8Column } from '../lake/column-table.ts';
import { type Duck, KEEP_JOIN_ORDER, openDuck, writeParquet } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import { cleanEvents, dwellFacts } from './assets.ts';
import { bucketLimits } from './bucket-limits.ts';
import { dayStartMs } from './day-horizon.ts';
import { defineTask } from './define-task.ts';
import { createDayDwell, type DwellTally, type Places } from './dwell/day-dwell.ts';
import { createDwellTables } from './dwell/dwell-tables.ts';
import { END_REASONS } from './dwell/user-view.ts';
import { viewRulesOf } from './dwell/view-rules.ts';
import { createWordTable, encodeIds } from './enums.ts';
import { EVENT_NAMES } from './events.ts';
import { readDayInputs } from './ingest/day-inputs.ts';
import { putTable } from './put-table.ts';
import type { CleanRef, DayInputs, DwellRef } from './refs.ts';
import { bucketPart, horizonKeys, type ReportKeys, reportKeys } from './scratch-keys.ts';
import { setVariables, sqlFile } from './sql-file.ts';
import { FLYER_VIEWS, USER_DAY, USER_FLYER_DAY } from './tables.ts';

const sql = sqlFile(new URL('./compute-dwell.sql', import.meta.url));

export const computeDwell = defineTask({
  name: 'compute-dwell',
  reads: { clean: cleanEvents },
  makes: dwellFacts,
  expand: 'clean',
  async run({ services, scratchDir }, { clean }) {
    const inputs = await readDayInputs(services.lake, clean.inputsKey);
    const duck = await openDuck({ ...bucketLimits(services, clean), tempDir: scratchDir });
    try {
      return await dwellOfBucket(duck, services.lake, inputs, clean, scratchDir);
    } finally {
      await duck.close();
    }
  },
});

/** Puts the bucket's views, facts and users into the lake. */
export async function dwellOfBucket(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  ref: CleanRef,
  scratchDir: string,
): Promise<DwellRef> {
  const keys = horizonKeys(ref);
  const [eventsPath, usersPath, placesPath] = await Promise.all(
    [keys.events, keys.users, keys.places].map((key) => store.fetchFile(key, scratchDir)),
  );
  await duck.run(KEEP_JOIN_ORDER);
  await setVariables(duck, {
    day: ref.day,
    day_start_ms: dayStartMs(ref.day),
    bucket: ref.bucket,
    long_gap_ms: Math.round(inputs.params.long_gap_s * 1000),
    users_path: usersPath!,
    places_path: placesPath!,
  });
  await duck.run(sql('dictionaries'));
  const tally = await applyRules(duck, inputs, eventsPath!);
  await putForReport(duck, store, reportKeys(ref), scratchDir);
  const [counters] = await duck.rows<Record<string, number>>(sql('counters'));
  await createWordTable(duck, 'event_word', EVENT_NAMES);
  await createWordTable(duck, 'end_word', END_REASONS);
  await encodeIds(duck, 'flyer');
  const put = (schema: TableSchema) =>
    putTable(duck, store, schema, {
      query: sql(schema.name),
      day: ref.day,
      tokens: ref.tokens,
      part: bucketPart(ref),
      params: inputs.params,
      scratchDir,
    });
  const tables = {
    flyer_views: await put(FLYER_VIEWS),
    user_flyer_day: await put(USER_FLYER_DAY),
    user_day: await put(USER_DAY),
  };
  const { inputsKey, day, bucket, buckets, tokens, fingerprint, cleanEvents: events, dq } = ref;
  return {
    inputsKey,
    day,
    bucket,
    buckets,
    tokens,
    fingerprint,
    tables,
    cleanEvents: events,
    dq: { ...dq, ...tally, ...counters },
  };
}

/**
 * Fills the tables `view_row`, `flyer_row` and `user_row` from the bucket's events. In turn: two buckets at a time would share the one
 * thread that JavaScript has, then both leave it idle while DuckDB writes.
 */
const applyRules = inTurn(async (duck: Duck, inputs: DayInputs, eventsPath: string): Promise<DwellTally> => {
  const asOfMs = (inputs.asOfMs ?? 0) - dayStartMs(inputs.day);
  const tables = await createDwellTables(duck);
  const dwell = createDayDwell(viewRulesOf(inputs.params), await readPlaces(duck), asOfMs, tables);
  // On a connection of its own: the tables' appenders would end a stream of theirs.
  const reader = await duck.connect();
  await setVariables(reader, { events_path: eventsPath });
  let rowCount = 0;
  for await (const chunk of reader.stream(sql('events'))) {
    rowCount += chunk.rowCount;
    dwell.feed({
      rowCount: chunk.rowCount,
      userNo: int32Column(chunk, 0),
      relMs: int32Column(chunk, 1),
      dayNo: int8Column(chunk, 2),
      code: uint8Column(chunk, 3),
      placeNo: int32Column(chunk, 4),
    });
  }
  const [events] = await reader.rows<{ count: number }>(sql('event count'));
  invariant(rowCount === events?.count, `${rowCount} of ${events?.count} events were streamed`);
  const tally = dwell.finish();
  tables.close();
  return tally;
});

async function putForReport(
  duck: Duck,
  store: ObjectStore,
  keys: ReportKeys,
  scratchDir: string,
): Promise<void> {
  await duck.run(sql('shown'));
  for (const [section, key] of [
    ['flyer sums', keys.flyerSums],
    ['dwell values', keys.dwellValues],
  ] as const) {
    const path = join(scratchDir, `${section.replace(' ', '-')}.parquet`);
    await writeParquet(duck, { query: sql(section), path, compression: 'snappy' });
    await store.putFile(key, path, { isGiven: true });
  }
}

/** Place numbers are dense: they are indices. */
async function readPlaces(duck: Duck): Promise<Places> {
  const flyerNo: number[] = [];
  const merchantNo: number[] = [];
  for await (const chunk of duck.stream(sql('place numbers'))) {
    flyerNo.push(...int32Column(chunk, 0));
    merchantNo.push(...int32Column(chunk, 1));
  }
  return { flyerNo: Int32Array.from(flyerNo), merchantNo: Int32Array.from(merchantNo) };
}
