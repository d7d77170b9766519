/**
 * Publishes a preview: the bytes that were computed for it, and looked at, become the next version of their tables. Each table takes all
 * days in one version. Whoever dies on the way is followed by whoever publishes it again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFlyerlineError } from '../../infra/errors.ts';
import { silentLogger } from '../../infra/log.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartitions, type PartitionCommit } from '../../lake/commit.ts';
import type { DataFile } from '../../lake/data-file.ts';
import { type Day, dataKey, type Token } from '../../lake/lake-keys.ts';
import { contentOfFiles, type Manifest, readHeadManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { partitionOf } from '../../lake/partitions.ts';
import { changePreviewState, type Preview } from '../../lake/preview/preview-doc.ts';
import { isPreviewToken, previewStore } from '../../lake/preview/preview-store.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { CHECKS_TABLE, putDayChecks, readCheckResults } from '../checks/check-store.ts';
import { compareDay } from '../compare/compare-day.ts';
import { DAYS_COMPARED, daysAround } from '../compare/comparison.ts';
import { dayParamsSchema, metricParamsOf } from '../day-params.ts';
import { readNewDrops } from '../partitions/read-new-drops.ts';
import { readLiveDrops } from '../partitions/read-partitions.ts';
import { republishDay } from '../republish-day.ts';
import type { Services } from '../services.ts';
import { MERCHANT_METRICS, PUBLISHED_TABLES } from '../tables.ts';
import { readPreviewDays } from './preview-days.ts';
import { publishable } from './publishable.ts';

export interface PublishPreviewOptions {
  readonly signal: AbortSignal;
  /** Why, in words; kept in the history and told in the feed. @default that it was looked at */
  readonly reason?: string | undefined;
  readonly progress?: (done: number, total: number, note: string) => void;
  /** For crash drills: called with the name of each step when it is done. */
  readonly onStep?: (step: string) => void | Promise<void>;
}

export interface PublishedPreview {
  readonly days: readonly Day[];
  readonly tables: readonly { readonly table: string; readonly version: number; readonly days: number }[];
  /** Days whose exports were brought to the head: its own, and those that are compared with them. */
  readonly exportedDays: readonly Day[];
}

/**
 * Throws FL_PREVIEW_DRIFTED when drops, code or published versions have changed since, FL_CHECK_FAILED when a check blocks a day,
 * FL_PREVIEW_STATE when a day was not computed; then nothing is published. Throws FL_FENCED when a run of one of the days came first.
 */
export async function publishPreview(
  services: Services,
  preview: Preview,
  options: PublishPreviewOptions,
): Promise<PublishedPreview> {
  const { lake } = services;
  const scratchDir = await mkdtemp(join(services.scratchDir, 'preview-'));
  try {
    await readUnread(services, preview, scratchDir, options.signal);
    // Nobody is fenced by a claim for what would be refused anyway.
    const days = publishable(preview, await readPreviewDays(services, preview));
    const pending = await findPending({ lake, preview, days });
    for (const one of pending) one.token = await claimPartition(lake, one.schema.name, one.day);
    // What came before the claims is seen now, and what comes after them has a greater claim, and wins.
    publishable(preview, await readPreviewDays(services, preview));
    await copyAll(lake, preview, pending, scratchDir, options);
    await options.onStep?.('copied');
    await changePreviewState(lake, preview, () => ({ status: 'publishing' }));
    const tables = await commitAll(services, preview, pending, options);
    const exportedDays = await showAll(services, preview, days, scratchDir, options);
    await changePreviewState(lake, preview, () => ({ status: 'published' }));
    return { days, tables, exportedDays };
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** A drop whose name does not say of which days it is may be of one of these. */
async function readUnread(
  services: Services,
  { days, params: given }: Preview,
  scratchDir: string,
  signal: AbortSignal,
): Promise<void> {
  const params = metricParamsOf(dayParamsSchema.parse(given));
  const { unreadElsewhere } = await readLiveDrops(services, params);
  if (unreadElsewhere.length === 0 || days.length === 0) return;
  const quiet = { log: silentLogger, progress: () => undefined };
  await readNewDrops(services, { params, day: days[0]!, scratchDir, signal, ...quiet });
}

/** A partition that the lake does not show yet. */
interface Pending {
  readonly schema: TableSchema;
  readonly day: Day;
  readonly staged: Manifest;
  token: Token;
  files: readonly DataFile[];
}

async function findPending({
  lake,
  preview,
  days,
}: {
  readonly lake: ObjectStore;
  readonly preview: Preview;
  readonly days: readonly Day[];
}): Promise<Pending[]> {
  const aside = previewStore(lake, preview);
  const pending: Pending[] = [];
  for (const schema of PUBLISHED_TABLES) {
    const [ours, theirs] = await Promise.all([
      readSnapshot(aside, schema.name),
      readSnapshot(lake, schema.name),
    ]);
    for (const day of days) {
      const [staged, head] = await Promise.all([
        readHeadManifest(aside, schema.name, day, ours),
        readHeadManifest(lake, schema.name, day, theirs),
      ]);
      const isShown =
        head?.inputsHash === staged!.inputsHash &&
        contentOfFiles(head.files) === contentOfFiles(staged!.files);
      if (!isShown) pending.push({ schema, day, staged: staged!, token: '', files: [] });
    }
  }
  return pending;
}

/** Under names with the tokens of the claims. A file that the lake has already stays where it is. */
async function copyAll(
  lake: ObjectStore,
  preview: Preview,
  pending: readonly Pending[],
  scratchDir: string,
  { signal, progress }: PublishPreviewOptions,
): Promise<void> {
  const aside = previewStore(lake, preview);
  for (const [index, one] of pending.entries()) {
    const { schema, day, token, staged } = one;
    if (staged.inputsKey !== undefined) {
      await lake.put(staged.inputsKey, (await aside.get(staged.inputsKey)).body);
    }
    const files: DataFile[] = [];
    for (const file of staged.files) {
      signal.throwIfAborted();
      const [, from, part] = /(\d{20})-([^/]+)\.parquet$/.exec(file.key)!;
      if (!isPreviewToken(from!)) {
        files.push(file);
        continue;
      }
      const key = dataKey(schema.name, day, token, part!);
      const path = await aside.fetchFile(file.key, scratchDir);
      await lake.putFile(key, path);
      // In a local lake it is the preview's own file.
      if (path.startsWith(scratchDir)) await rm(path);
      files.push({ ...file, key });
    }
    one.files = files;
    progress?.(index + 1, pending.length, `copying ${schema.name}`);
  }
}

async function commitAll(
  { lake }: Services,
  preview: Preview,
  pending: readonly Pending[],
  options: PublishPreviewOptions,
): Promise<PublishedPreview['tables']> {
  const reason = options.reason ?? `looked at as preview ${preview.id}`;
  const createdAt = new Date().toISOString();
  const tables: PublishedPreview['tables'][number][] = [];
  for (const [schema, ofTable] of Map.groupBy(pending, (one) => one.schema)) {
    options.signal.throwIfAborted();
    const commits = ofTable.map(({ day, token, files, staged }): PartitionCommit => {
      const about = { createdAt, reason, preview: preview.id, runId: runIdOf(preview), attempt: 1 };
      const manifest = { ...staged, token, files, ...about };
      return { day, token, files, manifest: { ...manifest, sameBytesAs: undefined } };
    });
    const { version } = await commitPartitions(lake, schema, commits);
    tables.push({ table: schema.name, version, days: commits.length });
    if (schema.name === CHECKS_TABLE) await carryChecks(lake, preview, ofTable);
    await options.onStep?.(`committed ${schema.name}`);
  }
  return tables;
}

/** All days of a table are in one version, so they have one author. */
const runIdOf = ({ id }: Preview): string => `publish__${id}`;

/** What the checks found is of this version as well. */
async function carryChecks(lake: ObjectStore, preview: Preview, ofTable: readonly Pending[]): Promise<void> {
  const aside = previewStore(lake, preview);
  for (const { day, token, staged } of ofTable) {
    const checks = await readCheckResults(aside, day, staged.token);
    if (checks !== undefined) await putDayChecks(lake, { ...checks, token });
  }
}

/** Compares the days, and those that look back at them, with what is published now; then exports, catalog and feed. */
async function showAll(
  services: Services,
  preview: Preview,
  days: readonly Day[],
  scratchDir: string,
  { signal, progress, onStep }: PublishPreviewOptions,
): Promise<Day[]> {
  const metrics = await readSnapshot(services.lake, MERCHANT_METRICS.name);
  const touched = [...new Set(days.flatMap((day) => daysAround(day, 0, DAYS_COMPARED)))]
    .filter((day) => partitionOf(metrics, day) !== undefined)
    .sort();
  const run = { services, scratchDir, runId: runIdOf(preview), attempt: 1 };
  for (const day of touched) {
    signal.throwIfAborted();
    await compareDay(run, day).catch((error: unknown) => {
      // It stays as it was compared.
      if (!isFlyerlineError(error, 'FL_PINNED')) throw error;
    });
  }
  await onStep?.('compared');
  for (const [index, day] of touched.entries()) {
    signal.throwIfAborted();
    await republishDay(services, day, scratchDir, signal);
    progress?.(index + 1, touched.length, `exporting ${day}`);
  }
  return touched;
}
