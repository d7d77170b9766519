/** Which environment variable holds which setting, and how its text becomes a value. */
import { FlyerlineError } from './errors.ts';

type Kind = 'text' | 'number' | 'boolean' | 'bytes';

/** Variable → path of the setting and kind of value. `FLYERLINE_CONFIG` names the file and is no setting. */
export const ENVIRONMENT_SETTINGS: Readonly<Record<string, readonly [path: string, kind: Kind]>> = {
  FLYERLINE_LAKE: ['lake', 'text'],
  FLYERLINE_DROPS: ['drops', 'text'],
  FLYERLINE_REDIS_URL: ['redisUrl', 'text'],
  FLYERLINE_REDIS_PREFIX: ['redisPrefix', 'text'],
  FLYERLINE_SCRATCH_DIR: ['scratchDir', 'text'],
  FLYERLINE_MEMORY_LIMIT: ['memoryLimitBytes', 'bytes'],
  FLYERLINE_THREADS: ['threads', 'number'],
  FLYERLINE_FEATURES_SECRET_FILE: ['featuresSecretFile', 'text'],
  FLYERLINE_EXPORT_CSV_GZ: ['exportCsvGz', 'boolean'],
  FLYERLINE_LOG_LEVEL: ['log.level', 'text'],
  FLYERLINE_LOG_FORMAT: ['log.format', 'text'],
  FLYERLINE_S3_ENDPOINT: ['s3.endpoint', 'text'],
  FLYERLINE_S3_REGION: ['s3.region', 'text'],
  FLYERLINE_S3_FORCE_PATH_STYLE: ['s3.forcePathStyle', 'boolean'],
  FLYERLINE_S3_REQUEST_TIMEOUT_MS: ['s3.requestTimeoutMs', 'number'],
  FLYERLINE_S3_CONNECTION_TIMEOUT_MS: ['s3.connectionTimeoutMs', 'number'],
  FLYERLINE_S3_SERVER_SIDE_ENCRYPTION: ['s3.serverSideEncryption', 'text'],
  FLYERLINE_S3_KMS_KEY_ID: ['s3.kmsKeyId', 'text'],
  FLYERLINE_SQL_TIMEOUT_MS: ['sql.timeoutMs', 'number'],
  FLYERLINE_SQL_ROWS_MAX: ['sql.rowsMax', 'number'],
  FLYERLINE_LEASE_MS: ['engine.leaseMs', 'number'],
  FLYERLINE_RECONCILE_MS: ['engine.reconcileMs', 'number'],
  FLYERLINE_WORKER_CONCURRENCY: ['engine.workerConcurrency', 'number'],
  FLYERLINE_SCHEDULER_TICK_MS: ['engine.schedulerTickMs', 'number'],
};

/** The settings that `env` holds, as a tree. An empty variable counts as not set. Throws FL_CONFIG_INVALID. */
export function readEnvironment(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [variable, [path, kind]] of Object.entries(ENVIRONMENT_SETTINGS)) {
    const text = env[variable];
    if (text !== undefined && text !== '') setAt(settings, path.split('.'), PARSE[kind](text, variable));
  }
  return settings;
}

const PARSE: Readonly<Record<Kind, (text: string, variable: string) => unknown>> = {
  text: (text) => text,
  number: (text, variable) => {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw unparsable(variable, text, 'a number');
  },
  boolean: (text, variable) => {
    if (/^(1|true|yes|on)$/i.test(text)) return true;
    if (/^(0|false|no|off)$/i.test(text)) return false;
    throw unparsable(variable, text, '"true" or "false"');
  },
  bytes: (text, variable) => {
    const bytes = parseBytes(text);
    if (bytes !== undefined) return bytes;
    throw unparsable(variable, text, 'a size like 512MiB, 2GB or 1073741824');
  },
};

const BYTES_PER: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  ...{ kb: 1e3, mb: 1e6, gb: 1e9 },
  ...{ kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 },
  ...{ k: 1024, m: 1024 ** 2, g: 1024 ** 3 },
};

/** `512MiB`, `2 GB`, `1g`, `1048576` → bytes; undefined when it is no size. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : BYTES_PER[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}

function unparsable(variable: string, text: string, wanted: string): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: `Environment variable ${variable}`,
    reason: `holds "${text}", which is not ${wanted}`,
    remedy: `set it to ${wanted}, or unset it`,
    retryable: false,
  });
}

function setAt(settings: Record<string, unknown>, [name, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    settings[name!] = value;
    return;
  }
  settings[name!] ??= {};
  setAt(settings[name!] as Record<string, unknown>, rest, value);
}
