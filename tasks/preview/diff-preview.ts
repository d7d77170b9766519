/** What publishing a preview would change: per table, per day and per merchant, against what readers see now. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duck, openDuck, sqlString } from '../../lake/duckdb.ts';
import type { Day } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { partitionRows } from '../../lake/partition-rows.ts';
import { contentOfCommitted } from '../../lake/partition-verdict.ts';
import type { Preview } from '../../lake/preview/preview-doc.ts';
import { isPreviewToken, previewStore } from '../../lake/preview/preview-store.ts';
import { committedDays, filesOfDay, headToken, readSnapshot, type Snapshot } from '../../lake/table-log.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import type { Services } from '../services.ts';
import { LAKE_TABLES, MERCHANT_DAY, SEED_COMPAT } from '../tables.ts';
import { type CheckChange, checkChanges } from './check-changes.ts';
import { type BothRows, type Change, type Figures, figureTerms, isMeasured, pairFigures } from './figures.ts';
import { diffMerchants, type MerchantDiff, type MerchantOptions } from './merchant-diff.ts';
import { type PreviewDay, readPreviewDays } from './preview-days.ts';

export interface TableDiff {
  readonly table: string;
  /** Days of the preview. */
  readonly dayCount: number;
  /** Of these, days whose bytes would be others. */
  readonly changedDayCount: number;
  /** Days after them that are compared with them, and would be compared anew. */
  readonly laterDays: readonly Day[];
  /** Over all of these days. */
  readonly figures: Readonly<Record<string, Change>>;
  readonly days: readonly { readonly day: Day; readonly figures: Readonly<Record<string, Change>> }[];
}

export interface PreviewDiff {
  readonly id: string;
  readonly params: Preview['params'];
  readonly days: readonly PreviewDay[];
  readonly tables: readonly TableDiff[];
  readonly merchants: MerchantDiff;
  readonly checks: readonly CheckChange[];
}

export interface DiffPreviewOptions extends MerchantOptions {
  readonly signal: AbortSignal;
}

/** A table at a time: of a distant lake, the files of these days of one table are here at once. */
export async function diffPreview(
  services: Services,
  preview: Preview,
  options: DiffPreviewOptions,
): Promise<PreviewDiff> {
  const { lake } = services;
  const aside = previewStore(lake, preview);
  const days = await readPreviewDays(services, preview);
  const scratchDir = await mkdtemp(join(services.scratchDir, 'diff-'));
  const duck = await openDuck({ ...services, tempDir: scratchDir, preserveInsertionOrder: false });
  try {
    const tables: TableDiff[] = [];
    let merchants: MerchantDiff | undefined;
    for (const schema of LAKE_TABLES) {
      // Made by hand of what is published: no preview has it.
      if (schema.name === SEED_COMPAT.name) continue;
      options.signal.throwIfAborted();
      const sides = await readSides(lake, aside, schema, preview);
      const filesDir = join(scratchDir, schema.name);
      await mkdir(filesDir);
      if (schema.name !== MERCHANT_DAY.name) {
        tables.push(await diffTable(duck, schema, sides, filesDir));
        await rm(filesDir, { recursive: true });
        continue;
      }
      const rows = await bothRows(duck, schema, sides, sides.days, filesDir);
      tables.push(await tableDiff(duck, schema, sides, rows));
      merchants = await diffMerchants(duck, rows, options);
    }
    return {
      id: preview.id,
      params: preview.params,
      days,
      tables,
      merchants: merchants!,
      checks: await checkChanges(lake, aside, preview.days),
    };
  } finally {
    await duck.close();
    await rm(scratchDir, { recursive: true, force: true });
  }
}

interface Sides {
  readonly before: { readonly store: ObjectStore; readonly snapshot: Snapshot };
  readonly after: { readonly store: ObjectStore; readonly snapshot: Snapshot };
  readonly days: readonly Day[];
  readonly changed: ReadonlySet<Day>;
  readonly laterDays: readonly Day[];
}

async function readSides(
  lake: ObjectStore,
  aside: ObjectStore,
  { name }: TableSchema,
  preview: Preview,
): Promise<Sides> {
  const [before, after] = await Promise.all([readSnapshot(lake, name), readSnapshot(aside, name)]);
  const contentOf = (snapshot: Snapshot, day: Day) => contentOfCommitted(filesOfDay(snapshot, day));
  const isChanged = (day: Day) => contentOf(before, day) !== contentOf(after, day);
  const committed = committedDays(after).toSorted();
  const days = committed.filter((day) => preview.days.includes(day));
  const others = committed.filter((day) => !days.includes(day) && isPreviewToken(headToken(after, day)!));
  return {
    before: { store: lake, snapshot: before },
    after: { store: aside, snapshot: after },
    days,
    changed: new Set(days.filter(isChanged)),
    laterDays: others.filter(isChanged),
  };
}

async function diffTable(
  duck: Duck,
  schema: TableSchema,
  sides: Sides,
  scratchDir: string,
): Promise<TableDiff> {
  // Of the largest tables, events, the counts of rows tell: their other figures are those of drops.
  if (!isMeasured(schema)) return countRows(schema, sides);
  const rows = await bothRows(duck, schema, sides, sides.days, scratchDir);
  return tableDiff(duck, schema, sides, rows);
}

/** As the logs tell it; nothing is read. */
function countRows({ name }: TableSchema, { before, after, days, changed, laterDays }: Sides): TableDiff {
  const rowsOf = (snapshot: Snapshot, some: readonly Day[]) =>
    some.flatMap((day) => filesOfDay(snapshot, day)).reduce((sum, { rowCount }) => sum + rowCount, 0);
  const figuresOf = (some: readonly Day[]) => ({
    rows: { before: rowsOf(before.snapshot, some), after: rowsOf(after.snapshot, some) },
  });
  return {
    table: name,
    dayCount: days.length,
    changedDayCount: changed.size,
    laterDays,
    figures: figuresOf(days),
    days: days.filter((day) => changed.has(day)).map((day) => ({ day, figures: figuresOf([day]) })),
  };
}

async function bothRows(
  duck: Duck,
  schema: TableSchema,
  { before, after }: Sides,
  days: readonly Day[],
  scratchDir: string,
): Promise<BothRows> {
  const rowsOf = async ({ store, snapshot }: Sides['before']) => {
    const selects: string[] = [];
    for (const day of days) {
      const files = filesOfDay(snapshot, day);
      const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
      selects.push(await partitionRows(duck, schema, paths, `, ${sqlString(day)} AS dt`));
    }
    return selects.length === 0 ? partitionRows(duck, schema, [], `, '' AS dt`) : selects.join(' UNION ALL ');
  };
  return { before: await rowsOf(before), after: await rowsOf(after) };
}

async function tableDiff(
  duck: Duck,
  schema: TableSchema,
  { days, changed, laterDays }: Sides,
  { before, after }: BothRows,
): Promise<TableDiff> {
  const measure = (query: string) =>
    duck.rows<{ dt: string | null } & Figures>(
      `SELECT dt, ${figureTerms(schema)} FROM (${query}) GROUP BY GROUPING SETS ((dt), ())`,
    );
  const [was, is] = [await measure(before), await measure(after)];
  const pair = (day: string | null) =>
    pairFigures(
      schema,
      was.find(({ dt }) => dt === day),
      is.find(({ dt }) => dt === day),
    );
  return {
    table: schema.name,
    dayCount: days.length,
    changedDayCount: changed.size,
    laterDays,
    figures: pair(null),
    days: days.filter((day) => changed.has(day)).map((day) => ({ day, figures: pair(day) })),
  };
}
