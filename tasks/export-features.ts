/** Features: what data scientists learn from, per user and day and per view, users under HMAC-SHA-256 of their id (R16). */
import { createHash } from 'node:crypto';
import { blobValue } from '@duckdb/node-api';
import { FlyerlineError } from '../infra/errors.ts';
import { type Duck, openDuck, sqlPaths } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { DUCK_TYPE } from '../lake/partition-rows.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import type { ExportUserOptions } from './export-user.ts';
import { metricParamsSchema } from './metric-params.ts';
import { type PublishedRange, readPublishedRange } from './range/published-range.ts';
import { type RangeExport, writeRange } from './range/write-range.ts';
import { setVariables, sqlFile } from './sql-file.ts';
import { CLEAN_EVENTS, FEATURES_USER_DAY, FEATURES_VIEW, FLYER_VIEWS } from './tables.ts';

const sql = sqlFile(new URL('./export-features.sql', import.meta.url));

/** Shorter ones are guessed. */
const SECRET_LENGTH_MIN = 32;
/** Bytes of a block of SHA-256. */
const BLOCK_BYTES = 64;

export interface ExportFeaturesOptions extends Omit<ExportUserOptions, 'rowsPerPass'> {
  /** Makes keys of user ids. It is in no statement, no file and no error. */
  readonly secret: string;
}

/**
 * Writes `features_user_day` and `features_view` as Parquet and CSV, and `features.json`, into `outDir`.
 * Throws FL_CONFIG_INVALID for a short secret, and what `exportUser` throws.
 */
export async function exportFeatures(
  store: ObjectStore,
  options: ExportFeaturesOptions,
): Promise<RangeExport> {
  const { from, to, outDir, scratchDir, secret, signal, frozen } = options;
  requireSecret(secret);
  const events = await readPublishedRange(store, CLEAN_EVENTS.name, { from, to }, frozen);
  const views = await readPublishedRange(store, FLYER_VIEWS.name, { from, to }, frozen);
  requireSameInputs(events, views);
  const params = metricParamsSchema.parse(events.params);
  const duck = await openDuck({ ...options, tempDir: scratchDir });
  try {
    await createPads(duck, secret);
    await duck.run(sql('create'));
    await createRows(duck, FEATURES_USER_DAY);
    await createRows(duck, FEATURES_VIEW);
    for (const day of events.days) {
      signal?.throwIfAborted();
      await openDay(duck, store, 'clean_event', CLEAN_EVENTS, events, day, scratchDir);
      await openDay(duck, store, 'flyer_view', FLYER_VIEWS, views, day, scratchDir);
      const timeout_ms = Math.round(params.inactivity_timeout_s * 1000);
      await setVariables(duck, { day, timeout_ms, bounce_s: params.bounce_s });
      await duck.run(sql('keys'));
      await duck.run(sql('sessions'));
      for (const { name } of [FEATURES_USER_DAY, FEATURES_VIEW])
        await duck.run(`INSERT INTO ${name}_row ${sql(name)}`);
    }
    const tables = [
      { schema: FEATURES_USER_DAY, query: sql('days since') },
      { schema: FEATURES_VIEW, query: `SELECT * FROM ${FEATURES_VIEW.name}_row` },
    ];
    return await writeRange(duck, 'features', events, tables, outDir);
  } finally {
    await duck.close();
  }
}

/** As parameters: the text of a statement may end up in an error. A secret longer than a block counts as its hash (RFC 2104). */
async function createPads(duck: Duck, secret: string): Promise<void> {
  const bytes = Buffer.from(secret);
  const block = Buffer.alloc(BLOCK_BYTES);
  (bytes.length > BLOCK_BYTES ? createHash('sha256').update(bytes).digest() : bytes).copy(block);
  const masked = (mask: number) => blobValue(block.map((byte) => byte ^ mask));
  await duck.run('CREATE TEMP TABLE secret_pad AS SELECT $1::BLOB AS ipad, $2::BLOB AS opad', [
    masked(0x36),
    masked(0x5c),
  ]);
}

async function createRows(duck: Duck, { name, columns }: TableSchema): Promise<void> {
  const declared = columns.map((column) => `${column.name} ${DUCK_TYPE[column.type]}`);
  await duck.run(`CREATE TEMP TABLE ${name}_row (${declared.join(', ')})`);
}

async function openDay(
  duck: Duck,
  store: ObjectStore,
  view: string,
  { columns }: TableSchema,
  range: PublishedRange,
  day: string,
  scratchDir: string,
): Promise<void> {
  const files = range.files.filter((file) => file.day === day);
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const none = columns.map(({ name }) => `NULL AS ${name}`).join(', ');
  await duck.run(
    `CREATE OR REPLACE TEMP VIEW ${view} AS ${paths.length > 0 ? `FROM read_parquet(${sqlPaths(paths)})` : `SELECT ${none} WHERE FALSE`}`,
  );
}

/** A day is committed table by table: between two of them their rows are of two versions. */
function requireSameInputs(events: PublishedRange, views: PublishedRange): void {
  const hashes = ({ inputs }: PublishedRange) =>
    JSON.stringify(Object.entries(inputs).map(([day, { inputsHash }]) => [day, inputsHash]));
  if (hashes(events) === hashes(views)) return;
  throw new FlyerlineError('FL_CHECK_FAILED', {
    subject: `Tables ${events.table} and ${views.table} from ${events.from} to ${events.to}`,
    reason: 'were made from different inputs: a day is being published, or one of them was rolled back',
    remedy: 'try again when the run has ended, or see "partitions list"',
  });
}

function requireSecret(secret: string): void {
  if (secret.length >= SECRET_LENGTH_MIN) return;
  throw new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'The secret for user keys',
    reason: `is shorter than ${SECRET_LENGTH_MIN} characters`,
    remedy: 'use a random one, for example of "openssl rand -hex 32"',
    retryable: false,
  });
}
