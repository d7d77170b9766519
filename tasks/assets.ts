/** The assets of this pipeline: the datasets that its tasks make and read, and the references that stand for them. */
import { asset } from '../engine/asset.ts';
import type {
  BucketRef,
  CatalogRef,
  CheckedRef,
  CleanRef,
  DayTablesRef,
  DwellRef,
  ExportedRef,
  PublishedRef,
  RepairedRef,
} from './refs.ts';

/** A day's events, parsed and split into buckets. */
export const stagedEvents = asset<readonly BucketRef[]>()('staged_events');

/** Bucket by bucket: normalised, gaps filled, duplicates dropped, in the rules' order. */
export const cleanEvents = asset<readonly CleanRef[]>()('clean_events');

/** Bucket by bucket: views and per-user facts. */
export const dwellFacts = asset<readonly DwellRef[]>()('dwell_facts');

/** All tables of a day, computed and put, nothing committed. */
export const dayTables = asset<DayTablesRef>()('day_tables');

/** A day whose checks have passed. */
export const checkedDay = asset<CheckedRef>()('checked_day');

/** A day whose tables are committed. */
export const publishedDay = asset<PublishedRef>()('published_day');

/** One Parquet object per table and day, for readers that just glob. */
export const exportedParquet = asset<ExportedRef>()('exported_parquet');

/** One CSV object per table and day. */
export const exportedCsv = asset<ExportedRef>()('exported_csv');

/** Exports that did not show the head of their table, and do now. */
export const repairedExports = asset<RepairedRef>()('repaired_exports');

/** The catalog and the feed of changes name what both exports show. */
export const catalogued = asset<CatalogRef>()('catalogued');
