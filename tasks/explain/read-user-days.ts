/** Reads one user's day from the lake: clean events with those of the days around it, and what they were made of. */
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import { type Duck, sqlPaths, sqlString } from '../../lake/duckdb.ts';
import type { Day } from '../../lake/lake-keys.ts';
import { type Manifest, readHeadManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type AddFile, filesOfDay, headToken, readSnapshot } from '../../lake/table-log.ts';

import { EVENT_NAMES } from '../events.ts';
import { readDayInputs } from '../ingest/day-inputs.ts';
import { dayName, dayNumber } from '../ingest/days.ts';
import { openStagedRows } from '../open-staged-rows.ts';
import { setVariables, sqlFile } from '../sql-file.ts';
import { CLEAN_EVENTS, FLYER_VIEWS } from '../tables.ts';
import { userBucketSql } from '../user-bucket.ts';
import type { UserEvent } from './user-event.ts';

const sql = sqlFile(new URL('./read-user-days.sql', import.meta.url));
const cleanseSql = sqlFile(new URL('../cleanse-events.sql', import.meta.url));

/** Rows of the drops that were written alike. */
export interface StagedRow {
  readonly instantMs: number;
  /** Wall clock as if UTC, epoch ms. */
  readonly localMs: number;
  readonly code: number;
  readonly hasId: boolean;
  readonly flyerText: string | null;
  readonly merchantText: string | null;
  /** As rule R2 understands them. */
  readonly flyerId: string | null;
  readonly merchantId: string | null;
  readonly rows: number;
}

export interface RejectedRow {
  readonly source: string;
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  readonly raw: string;
}

export interface PublishedView {
  readonly viewNo: number;
  readonly flyerId: string;
  readonly merchantId: string | null;
  readonly startMs: number;
  readonly reason: string;
  readonly events: number;
  readonly dwellMs: number | null;
}

export interface UserDays {
  readonly manifest: Manifest;
  /** Of the day before, the day and the day after, in the order of the rules. */
  readonly events: readonly UserEvent[];
  /** Of the three days. */
  readonly unpublished: readonly Day[];
  /** Undefined when the staged files have been collected. */
  readonly rows: readonly StagedRow[] | undefined;
  readonly rejected: readonly RejectedRow[];
  readonly published: readonly PublishedView[];
}

/** Throws FL_OBJECT_MISSING when the day is not published. */
export async function readUserDays(
  duck: Duck,
  store: ObjectStore,
  user: string,
  day: Day,
  scratchDir: string,
): Promise<UserDays> {
  const clean = await readSnapshot(store, CLEAN_EVENTS.name);
  const manifest = await readHeadManifest(store, CLEAN_EVENTS.name, day, clean);
  if (manifest === undefined) throw notPublished(day);
  const views = await readSnapshot(store, FLYER_VIEWS.name);
  const days = [-1, 0, 1].map((step) => dayName(dayNumber(day) + step));
  await setVariables(duck, { user, day, event_names: EVENT_NAMES });
  const open = (view: string, files: readonly AddFile[], columns: readonly string[]) =>
    openView(
      duck,
      store,
      view,
      files.filter((file) => mayHold(file, user)),
      columns,
      scratchDir,
    );
  await open(
    'clean_event',
    days.flatMap((one) => filesOfDay(clean, one)),
    CLEAN_EVENTS.columns.map(({ name }) => name),
  );
  await open(
    'flyer_view',
    filesOfDay(views, day),
    FLYER_VIEWS.columns.map(({ name }) => name),
  );
  return {
    manifest,
    events: await duck.rows<UserEvent>(sql('clean events')),
    unpublished: days.filter((one) => headToken(clean, one) === undefined),
    published: await duck.rows<PublishedView>(sql('published views')),
    ...(await readRaw(duck, store, manifest, user, scratchDir)),
  };
}

/** What drops said. Staged files are kept for a time only. */
async function readRaw(
  duck: Duck,
  store: ObjectStore,
  { day, inputsKey }: Manifest,
  user: string,
  scratchDir: string,
): Promise<Pick<UserDays, 'rows' | 'rejected'>> {
  try {
    const inputs = await readDayInputs(store, inputsKey ?? '');
    const buckets = Math.max(...inputs.files.map((file) => file.buckets), 1);
    const [found] = await duck.rows<{ bucket: number }>(
      `SELECT (${userBucketSql(sqlString(user), buckets)})::INTEGER AS bucket`,
    );
    const ofUser = inputs.files.filter(
      (file) => file.day === day && file.bucket === Math.floor(found!.bucket / (buckets / file.buckets)),
    );
    await duck.run(cleanseSql('macros'));
    await openStagedRows(duck, store, ofUser, scratchDir);
    const rejects = await Promise.all(inputs.rejected.map(({ key }) => store.fetchFile(key, scratchDir)));
    const rejected =
      rejects.length === 0
        ? []
        : await duck
            .run(`CREATE TEMP VIEW rejected_row AS FROM read_parquet(${sqlPaths(rejects)})`)
            .then(() => duck.rows<RejectedRow>(sql('rejected rows')));
    return { rows: await duck.rows<StagedRow>(sql('staged rows')), rejected };
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return { rows: undefined, rejected: [] };
    throw error;
  }
}

async function openView(
  duck: Duck,
  store: ObjectStore,
  view: string,
  files: readonly AddFile[],
  columns: readonly string[],
  scratchDir: string,
): Promise<void> {
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const none = columns.map((column) => `NULL AS ${column}`).join(', ');
  const from = paths.length === 0 ? `SELECT ${none} WHERE FALSE` : `FROM read_parquet(${sqlPaths(paths)})`;
  await duck.run(`CREATE TEMP VIEW ${view} AS ${from}`);
}

/** Buckets of digests are ranges of users: most files need not be fetched. */
function mayHold({ stats }: AddFile, user: string): boolean {
  const { minValues, maxValues } = JSON.parse(stats ?? '{}') as {
    minValues?: { user_id?: string };
    maxValues?: { user_id?: string };
  };
  const [min, max] = [minValues?.user_id, maxValues?.user_id];
  // Bounds of plain ASCII compare like the bytes they are.
  if (min === undefined || max === undefined || !/^[\x20-\x7e]*$/.test(user)) return true;
  return min <= user && user <= max;
}

function notPublished(day: Day): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Day ${day}`,
    reason: 'is not published, so there are no events to explain',
    remedy: 'see "partitions list" for the days there are',
    retryable: false,
  });
}
