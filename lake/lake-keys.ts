/** Where things are in the lake: every key is made here. */

/** `YYYY-MM-DD`. */
export type Day = string;
/** 20 digits; a greater one is a newer claim. */
export type Token = string;
/** `csv.gz` is there only where it was asked for. */
export const EXPORT_FORMATS = ['parquet', 'csv', 'csv.gz'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const DIGITS = 20;

export const twentyDigits = (value: number | bigint): string => String(value).padStart(DIGITS, '0');

export const partitionDir = (day: Day): string => `dt=${day}`;

/** The application id of a partition's transactions in the table log. */
export const txnAppId = partitionDir;
/** Its version is the token that a rollback pinned, 0 when unpinned. */
export const pinAppId = (day: Day): string => `pin:dt=${day}`;

export const tableDir = (table: string): string => `tables/${table}/`;
export const logDir = (table: string): string => `${tableDir(table)}_delta_log/`;
export const logEntryKey = (table: string, version: number): string =>
  `${logDir(table)}${twentyDigits(version)}.json`;
export const checkpointKey = (table: string, version: number): string =>
  `${logDir(table)}${twentyDigits(version)}.checkpoint.parquet`;
export const lastCheckpointKey = (table: string): string => `${logDir(table)}_last_checkpoint`;

/** `part` tells the files of a claim apart: the bucket, as two digits or more. */
export const dataKey = (table: string, day: Day, token: Token, part: string): string =>
  `${tableDir(table)}${partitionDir(day)}/${token}-${part}.parquet`;

export const claimsDir = (table: string, day: Day): string => `ctl/${table}/claims/${partitionDir(day)}/`;
export const manifestsDir = (table: string, day: Day): string =>
  `ctl/${table}/manifests/${partitionDir(day)}/`;
export const manifestKey = (table: string, day: Day, token: Token): string =>
  `${manifestsDir(table, day)}${token}.json`;

/** Results of checks of what a claim has made, in one of several folders; without a day, those of all days. */
export const checksDir = (table: string, folder: string, day?: Day): string =>
  `ctl/${table}/checks/${folder}/${day === undefined ? '' : `${partitionDir(day)}/`}`;
export const checksKey = (table: string, folder: string, day: Day, token: Token): string =>
  `${checksDir(table, folder, day)}${token}.json`;

/** `csv.gz` lies beside `csv`. */
const currentDir = (table: string, day: Day, format: ExportFormat): string =>
  `current/${format.replace('.gz', '')}/${table}/${partitionDir(day)}/`;
/** What an export says of itself. Engines that read whole folders pass over names that begin with `_`. */
export const currentStateKey = (table: string, day: Day, format: ExportFormat): string =>
  `${currentDir(table, day, format)}_${table}.${format}.json`;
export const currentKey = (table: string, day: Day, format: ExportFormat): string =>
  `${currentDir(table, day, format)}${table}.${format}`;
export const CATALOG_KEY = 'current/catalog.json';
export const restatementsKey = (table: string): string => `current/${table}/restatements.ndjson`;

/** Digests of the manifests of a month, `YYYY-MM`, of all tables. */
export const DIGESTS_DIR = 'ctl/digests/';
export const digestsKey = (month: string): string => `${DIGESTS_DIR}${month}.json`;

/** Versions of tables that were frozen under a name. */
export const SNAPSHOTS_DIR = 'ctl/snapshots/';
export const snapshotKey = (name: string): string => `${SNAPSHOTS_DIR}${name}.json`;
