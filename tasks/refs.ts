/** What tasks pass to each other: small references to data in the lake, never rows. */
import type { DataFile } from '../lake/data-file.ts';
import type { CheckResult } from './checks/check-result.ts';
import type { DayStatus } from './day-status.ts';
import type { MetricParams } from './metric-params.ts';

/** One immutable Parquet file of parsed events of one drop, one day and one bucket. */
export interface StagedFile {
  readonly key: string;
  /** Local event date, `YYYY-MM-DD`. */
  readonly day: string;
  /** 0 ≤ bucket < buckets; buckets is a power of two. */
  readonly bucket: number;
  readonly buckets: number;
  readonly rowCount: number;
  /** Wall-clock time of the event as if it were UTC, epoch ms. */
  readonly minLocalMs: number;
  readonly maxLocalMs: number;
  /** The event's instant, epoch ms. */
  readonly minInstantMs: number;
  readonly maxInstantMs: number;
}

/** The rows of a drop that could not become events, as a Parquet file (columns: see `staged-schema.ts`). */
export interface RejectedFile {
  readonly key: string;
  readonly day: string;
  readonly rowCount: number;
}

/** A drop as it was when it was read. */
export interface DropPin {
  readonly key: string;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Identity of its staged files: hash of key, etag and code version. */
  readonly src: string;
}

/**
 * Everything that a day is computed from, pinned. Stored in the lake under a name made of `inputsHash`;
 * tasks pass its key. Equal inputs give an equal document.
 */
export interface DayInputs {
  readonly day: string;
  readonly params: MetricParams;
  readonly codeVersion: string;
  /** Decided once, when the inputs were pinned (R12): every attempt of every task says the same. */
  readonly status: DayStatus;
  /** sha256 over drops, params, code version and status, hex. */
  readonly inputsHash: string;
  readonly drops: readonly DropPin[];
  /** Files of the day itself and those of neighbour days that reach into its horizon (rules R4, R12). */
  readonly files: readonly StagedFile[];
  /** Of the day itself. */
  readonly rejected: readonly RejectedFile[];
  /** How many buckets the day is computed in; a power of two. */
  readonly buckets: number;
  /** The latest event instant in the horizon (R12), epoch ms; null when there is no event. */
  readonly asOfMs: number | null;
  /** Rows read for this day: staged and rejected. */
  readonly rowsRead: number;
}

/** Fencing token of the claim on each table's partition: 20 digits, by table name. */
export type ClaimTokens = Readonly<Record<string, string>>;

/** One bucket of a staged day: what `cleanse` maps over. */
export interface BucketRef {
  /** Key of the DayInputs document. */
  readonly inputsKey: string;
  readonly day: string;
  readonly bucket: number;
  readonly buckets: number;
  readonly tokens: ClaimTokens;
}

/** A bucket after cleansing: clean events of the day, and the neighbours' events the horizon needs. */
export interface CleanRef extends BucketRef {
  readonly cleanEvents: DataFile;
  /** Key of a scratch Parquet with the events of the horizon for this bucket, in the rules' order. */
  readonly horizonKey: string;
  /** Hex digest of all events that the rules read of this bucket. */
  readonly fingerprint: string;
  /** Counters of the data-quality table, by check name. */
  readonly dq: Readonly<Record<string, number>>;
}

/** A bucket after the dwell rules. */
export interface DwellRef extends BucketRef {
  readonly fingerprint: string;
  readonly tables: Readonly<Record<'flyer_views' | 'user_flyer_day' | 'user_day', DataFile>>;
  /** Files for the tables over all users, and counters carried on. */
  readonly cleanEvents: DataFile;
  readonly dq: Readonly<Record<string, number>>;
}

/** A day, all tables computed and put, nothing committed. */
export interface DayTablesRef {
  readonly inputsKey: string;
  /** Hex digest over those of the buckets. */
  readonly inputFingerprint: string;
  readonly day: string;
  readonly tokens: ClaimTokens;
  readonly tables: Readonly<Record<string, readonly DataFile[]>>;
  readonly dq: Readonly<Record<string, number>>;
}

/** A day whose checks have passed. */
export interface CheckedRef extends DayTablesRef {
  /** Results (all are in the lake, `checks/check-store.ts`) that nobody should overlook; accepted ones among them. */
  readonly warnings: readonly CheckResult[];
  /** The day in figures (`day-stats.ts`). */
  readonly stats: Readonly<Record<string, number>>;
}

/** A day whose tables are committed. */
export interface PublishedRef {
  readonly day: string;
  readonly tables: readonly {
    readonly table: string;
    readonly version: number;
    readonly rowCount: number;
    /** Bytes. */
    readonly size: number;
    /** `already`: an earlier attempt of this run committed it. */
    readonly outcome: 'committed' | 'unchanged' | 'already';
  }[];
}

/** Files that readers glob. */
export interface ExportedRef {
  readonly day: string;
  readonly files: readonly {
    readonly key: string;
    readonly rowCount: number;
    readonly size: number;
    readonly sha256: string;
  }[];
}

/** What readers can now find. */
export interface CatalogRef {
  readonly day: string;
  /** Keys below `current/`. */
  readonly files: readonly string[];
}

/** What was wrong in `current/`, and is right. */
export interface RepairedRef {
  readonly days: readonly string[];
  readonly exportCount: number;
}
