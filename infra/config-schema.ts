/** Every setting: name, type, unit, bounds and default. */
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { notifySchema } from './config-notify.ts';
import { LOG_LEVELS } from './log.ts';

const MIB = 1024 ** 2;
const durationMs = z.int().min(1).max(86_400_000);
const isoDate = z.iso.date('must be a date like 2018-10-01');
/** URLs of stores are written to manifests and logs. */
const NO_CREDENTIALS =
  'must not hold credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role';
const storeUrl = z
  .string()
  .min(1)
  .refine((url) => !/^[a-z0-9]+:\/\//i.test(url) || /^(s3|file):\/\/./i.test(url), {
    error: 'must be a directory, file:///directory or s3://bucket/prefix',
  })
  .refine((url) => !/^s3:\/\/[^/]*@/i.test(url), { error: NO_CREDENTIALS });

const log = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info'),
  /** `pretty` for people, `json` for programs: one object a line. */
  format: z.enum(['pretty', 'json']).default('pretty'),
});

/** Credentials are the SDK's own: AWS_ACCESS_KEY_ID and its kin, profiles, roles. They are no settings. */
const s3 = z
  .strictObject({
    /** Of a server that is not AWS. */
    endpoint: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/^https?:\/\/[^/]*@/i.test(url), { error: NO_CREDENTIALS })
      .optional(),
    region: z.string().min(1).default('us-east-1'),
    /** `http://host/bucket/key` instead of `http://bucket.host/key`. @default true with an endpoint */
    forcePathStyle: z.boolean().optional(),
    /** A request without an answer for this long is tried again. */
    requestTimeoutMs: durationMs.default(30_000),
    connectionTimeoutMs: durationMs.default(5_000),
    /** Asked for with every write; without it, what the bucket does by default. */
    serverSideEncryption: z.enum(['AES256', 'aws:kms']).optional(),
    /** Of the key for `aws:kms`; without it, the account's S3 key. */
    kmsKeyId: z.string().min(1).optional(),
  })
  .refine(
    ({ kmsKeyId, serverSideEncryption }) => kmsKeyId === undefined || serverSideEncryption === 'aws:kms',
    {
      error: 'is used only when serverSideEncryption is aws:kms',
      path: ['kmsKeyId'],
    },
  );

/** Of `flyerline sql`. */
const sql = z.strictObject({
  /** A statement that runs longer, fetching its files included, is stopped. */
  timeoutMs: durationMs.default(60_000),
  /** Rows that are shown on a terminal; files have all. */
  rowsMax: z.int().min(1).max(100_000).default(200),
});

/** What may be set per DAG, by its id. */
const dag = z.strictObject({
  /** First and last local day, both inclusive, that the scheduler makes runs for. */
  startDate: isoDate.optional(),
  endDate: isoDate.optional(),
  paused: z.boolean().optional(),
  /** Run parameters; checked by the DAG's own schema. */
  params: z.record(z.string(), z.unknown()).optional(),
});

const engine = z.strictObject({
  /** A worker that is silent for this long has lost its task instance. */
  leaseMs: durationMs.min(500).default(10_000),
  /** How often lost and overdue task instances are looked for. */
  reconcileMs: durationMs.min(50).default(1_500),
  /** Attempts that one worker process runs at a time. `flyerline run`, which is one process, runs one more. */
  workerConcurrency: z.int().min(1).max(256).default(2),
  schedulerTickMs: durationMs.min(50).default(1_000),
});

export const configSchema = z.strictObject({
  /** Where tables, staged files and exports live: a directory, or `s3://bucket/prefix`. */
  lake: storeUrl.default('./.flyerline/lake'),
  /** Where producers put raw drops. */
  drops: storeUrl.default('./drops'),
  redisUrl: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379/0' }).optional(),
  /** Of all keys in Redis, so that several installations may share a server. */
  redisPrefix: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", "." or "-"')
    .default('flyerline'),
  /** Temporary files; each attempt has a folder of its own below it. */
  scratchDir: z.string().min(1).default(join(tmpdir(), 'flyerline')),
  /** Upper limit of DuckDB in one attempt, shared by buckets that run side by side; the process needs 150 to 600 MiB more. */
  memoryLimitBytes: z
    .int()
    .min(128 * MIB)
    .default(1024 * MIB),
  /** Threads of DuckDB in one attempt, shared likewise. */
  threads: z.int().min(1).max(1024).default(availableParallelism()),
  /** Holds the secret that makes keys of user ids for `export features`. The secret itself is no setting: settings are shown and passed on. */
  featuresSecretFile: z.string().min(1).optional(),
  /** Exports have `.csv.gz` beside `.csv`. */
  exportCsvGz: z.boolean().default(false),
  log: log.prefault({}),
  s3: s3.prefault({}),
  dags: z.record(z.string(), dag).default({}),
  engine: engine.prefault({}),
  sql: sql.prefault({}),
  notify: notifySchema.prefault({}),
});

export type Config = Readonly<z.infer<typeof configSchema>>;
