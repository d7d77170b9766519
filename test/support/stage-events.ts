/** Rows of a test as staged files in a store, and the DayInputs of their days: what ingest leaves behind, made the plainest way. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duck, openDuck, sqlString } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { EVENT_CODE, type EventName } from '../../tasks/events.ts';
import { putDayInputs } from '../../tasks/ingest/day-inputs.ts';
import { type MetricParams, metricParamsSchema } from '../../tasks/metric-params.ts';
import type { BucketRef, DayInputs, RejectedFile, StagedFile } from '../../tasks/refs.ts';
import { STAGED_EVENT_COLUMNS, STAGED_REJECT_COLUMNS } from '../../tasks/staged-schema.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { userBucketSql } from '../../tasks/user-bucket.ts';

/** As in a drop: texts, nothing checked. */
export interface RawRow {
  readonly timestamp: string;
  readonly user: string;
  readonly event: string;
  readonly flyer?: string;
  readonly merchant?: string;
  readonly eventId?: string;
  readonly seq?: number;
}

export interface StageOptions {
  readonly params?: Partial<MetricParams>;
  /** Buckets that days are computed in. @default 1 */
  readonly buckets?: number;
  /** Rows are dealt out to that many drops. @default 1 */
  readonly drops?: number;
  /** Buckets that each drop is split into, in turn. @default [buckets] */
  readonly stagedBuckets?: readonly number[];
}

export interface StagedDays {
  readonly inputs: readonly DayInputs[];
  /** Per day, one reference per bucket. */
  readonly refs: readonly (readonly BucketRef[])[];
}

interface StagedRow {
  readonly instant_ms: number;
  readonly local_ms: number;
  readonly user_id: string;
  readonly event: number;
  readonly flyer_id: string | null;
  readonly merchant_id: string | null;
  readonly event_id: string | null;
  readonly seq: number | null;
  readonly drop_no: number;
  readonly day: string;
}

interface RejectRow {
  readonly reason: string;
  readonly day: string | undefined;
  readonly line: number;
  readonly raw: string;
}

const DAY_MS = 86_400_000;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|([+-])(\d\d):(\d\d))$/;

/** Days in order: those with an event. */
export async function stageEvents(
  store: ObjectStore,
  rows: readonly RawRow[],
  { params: given = {}, buckets = 1, drops = 1, stagedBuckets = [buckets] }: StageOptions = {},
): Promise<StagedDays> {
  const params = metricParamsSchema.parse(given);
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-stage-'));
  const duck = await openDuck({ memoryLimitBytes: 512 * 2 ** 20, threads: 1, tempDir: dir });
  try {
    const { events, rejects } = sortOut(rows, drops);
    const days = [...new Set(events.map(({ day }) => day))].sort();
    const files: StagedFile[] = [];
    for (const drop of new Set(events.map(({ drop_no }) => drop_no))) {
      const ofDrop = events.filter(({ drop_no }) => drop_no === drop);
      files.push(...(await stageDrop(duck, store, dir, ofDrop, stagedBuckets[drop % stagedBuckets.length]!)));
    }
    const rejected = await stageRejects(duck, store, dir, rejects, homeDayOf(events));
    const inputs: DayInputs[] = [];
    const refs: BucketRef[][] = [];
    for (const day of days) {
      const ofDay = inputsOf(day, params, buckets, files, rejected, events);
      inputs.push(ofDay);
      refs.push(await refsOf(store, ofDay));
    }
    return { inputs, refs };
  } finally {
    await duck.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Of rows without a time: the most frequent day of the good ones, of several the earliest. */
function homeDayOf(events: readonly StagedRow[]): string {
  const counts = [...Map.groupBy(events, ({ day }) => day)].map(([day, { length }]) => ({ day, length }));
  counts.sort((a, b) => b.length - a.length || (a.day < b.day ? -1 : 1));
  return counts[0]?.day ?? '1970-01-01';
}

/** R1, row by row. */
function sortOut(rows: readonly RawRow[], drops: number): { events: StagedRow[]; rejects: RejectRow[] } {
  const events: StagedRow[] = [];
  const rejects: RejectRow[] = [];
  for (const [index, row] of rows.entries()) {
    const time = parseTimestamp(row.timestamp);
    const event = row.event.trim().toLowerCase();
    const reject = (reason: string) =>
      rejects.push({ reason, day: time?.day, line: index + 1, raw: JSON.stringify(row) });
    if (time === undefined) reject('bad_row');
    else if (row.user.trim() === '') reject('no_user');
    else if (!(event in EVENT_CODE)) reject('unknown_event');
    else {
      events.push({
        ...time,
        user_id: row.user.trim(),
        event: EVENT_CODE[event as EventName],
        flyer_id: row.flyer ?? null,
        merchant_id: row.merchant ?? null,
        event_id: row.eventId ?? null,
        seq: row.seq ?? null,
        drop_no: index % drops,
      });
    }
  }
  return { events, rejects };
}

function parseTimestamp(text: string): { instant_ms: number; local_ms: number; day: string } | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, wall, , sign, hours, minutes] = match;
  const local_ms = Date.parse(`${wall}Z`);
  const offsetMs = sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 : 0;
  return { local_ms, instant_ms: local_ms - offsetMs, day: new Date(local_ms).toISOString().slice(0, 10) };
}

async function stageDrop(
  duck: Duck,
  store: ObjectStore,
  dir: string,
  rows: readonly StagedRow[],
  buckets: number,
): Promise<StagedFile[]> {
  await loadTable(duck, dir, 'staged', rows, { ...STAGED_EVENT_COLUMNS, day: 'VARCHAR' });
  const groups = await duck.rows<Omit<StagedFile, 'key' | 'buckets'>>(
    `SELECT day, ${userBucketSql('user_id', buckets)} AS bucket, count(*)::INTEGER AS "rowCount",
       min(local_ms)::DOUBLE AS "minLocalMs", max(local_ms)::DOUBLE AS "maxLocalMs",
       min(instant_ms)::DOUBLE AS "minInstantMs", max(instant_ms)::DOUBLE AS "maxInstantMs"
     FROM staged GROUP BY ALL ORDER BY ALL`,
  );
  const files: StagedFile[] = [];
  for (const group of groups) {
    const key = `stage/dt=${group.day}/bucket=${group.bucket}-of-${buckets}/src=drop${rows[0]!.drop_no}.parquet`;
    const path = join(dir, 'staged.parquet');
    await duck.run(
      `COPY (SELECT * EXCLUDE (day) FROM staged WHERE day = ${sqlString(group.day)}
         AND ${userBucketSql('user_id', buckets)} = ${group.bucket}) TO ${sqlString(path)} (FORMAT parquet)`,
    );
    await store.putFile(key, path);
    files.push({ ...group, key, buckets });
  }
  return files;
}

async function stageRejects(
  duck: Duck,
  store: ObjectStore,
  dir: string,
  rejects: readonly RejectRow[],
  homeDay: string,
): Promise<RejectedFile[]> {
  const files: RejectedFile[] = [];
  for (const day of new Set(rejects.map((reject) => reject.day ?? homeDay))) {
    const ofDay = rejects.filter((reject) => (reject.day ?? homeDay) === day);
    const rows = ofDay.map(({ reason, line, raw }) => ({
      source: 'drop',
      line,
      reason,
      detail: reason,
      raw,
      drop_no: 0,
    }));
    await loadTable(duck, dir, 'rejected', rows, STAGED_REJECT_COLUMNS);
    const key = `stage/dt=${day}/rejected/src=drop.parquet`;
    const path = join(dir, 'rejected.parquet');
    await duck.run(`COPY rejected TO ${sqlString(path)} (FORMAT parquet)`);
    await store.putFile(key, path);
    files.push({ key, day, rowCount: ofDay.length });
  }
  return files;
}

async function loadTable(
  duck: Duck,
  dir: string,
  table: string,
  rows: readonly object[],
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  const path = join(dir, 'rows.json');
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  const types = Object.entries(columns).map(([name, type]) => `${name}: ${sqlString(type)}`);
  await duck.run(
    `CREATE OR REPLACE TABLE ${table} AS FROM read_json(${sqlString(path)}, columns = {${types.join(', ')}}, format = 'newline_delimited')`,
  );
}

function inputsOf(
  day: string,
  params: MetricParams,
  buckets: number,
  files: readonly StagedFile[],
  rejected: readonly RejectedFile[],
  events: readonly StagedRow[],
): DayInputs {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  const endMs = startMs + DAY_MS + (params.max_view_s + params.inactivity_timeout_s) * 1000;
  const inHorizon = events.filter(({ local_ms }) => local_ms >= startMs - DAY_MS && local_ms <= endMs);
  const firstInstantMs = Math.min(...inHorizon.map(({ instant_ms }) => instant_ms));
  const needed = files.filter(
    (file) =>
      file.minLocalMs <= endMs &&
      (file.maxLocalMs >= startMs - DAY_MS || file.maxInstantMs >= firstInstantMs),
  );
  const ofDay = rejected.filter((file) => file.day === day);
  return {
    day,
    params,
    codeVersion: 'test',
    status: 'final',
    inputsHash: `${day}-${buckets}-${JSON.stringify(params).length}`,
    drops: [],
    files: needed,
    rejected: ofDay,
    buckets,
    asOfMs: inHorizon.length === 0 ? null : Math.max(...inHorizon.map(({ instant_ms }) => instant_ms)),
    rowsRead:
      events.filter((event) => event.day === day).length +
      ofDay.reduce((sum, { rowCount }) => sum + rowCount, 0),
  };
}

async function refsOf(store: ObjectStore, inputs: DayInputs): Promise<BucketRef[]> {
  const inputsKey = await putDayInputs(store, inputs);
  const tokens = Object.fromEntries(PUBLISHED_TABLES.map(({ name }) => [name, '1'.padStart(20, '0')]));
  return Array.from({ length: inputs.buckets }, (_, bucket) => ({
    inputsKey,
    day: inputs.day,
    bucket,
    buckets: inputs.buckets,
    tokens,
  }));
}
