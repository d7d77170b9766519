/** Configuration: which source wins, and what an error says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigOverrides, loadConfig } from '../../infra/config.ts';
import { parseBytes } from '../../infra/config-env.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();

describe('configuration', () => {
  it('works without any setting', () => {
    const config = loadConfig({}, {});
    expect(config).toMatchObject({
      lake: './.flyerline/lake',
      drops: './drops',
      redisPrefix: 'flyerline',
      memoryLimitBytes: 1024 ** 3,
      log: { level: 'info', format: 'pretty' },
      s3: { region: 'us-east-1' },
      engine: { leaseMs: 10_000, reconcileMs: 1_500, workerConcurrency: 2, schedulerTickMs: 1_000 },
      dags: {},
    });
    expect(config.redisUrl).toBeUndefined();
  });

  it('refuses a key for encryption that nothing would use', () => {
    const env = { FLYERLINE_S3_KMS_KEY_ID: 'key', FLYERLINE_S3_SERVER_SIDE_ENCRYPTION: 'AES256' };
    expect(() => loadConfig({}, env)).toThrow(/kmsKeyId.*aws:kms/s);
    expect(loadConfig({}, { ...env, FLYERLINE_S3_SERVER_SIDE_ENCRYPTION: 'aws:kms' }).s3.kmsKeyId).toBe(
      'key',
    );
  });

  it('takes a flag before the environment before the file before the default', () => {
    const env = {
      FLYERLINE_CONFIG: configFile({
        lake: 'file-lake',
        drops: 'file-drops',
        engine: { leaseMs: 600, reconcileMs: 60 },
      }),
      FLYERLINE_LAKE: 'env-lake',
      FLYERLINE_DROPS: 'env-drops',
      FLYERLINE_LEASE_MS: '700',
    };
    const config = loadConfig({ lake: 'flag-lake', engine: { leaseMs: undefined } }, env);
    expect(config).toMatchObject({
      lake: 'flag-lake',
      drops: 'env-drops',
      engine: { leaseMs: 700, reconcileMs: 60, workerConcurrency: 2 },
    });
  });

  it('reads numbers, sizes and booleans from the environment, and takes an empty variable as not set', () => {
    const config = loadConfig(
      {},
      {
        FLYERLINE_MEMORY_LIMIT: '512MiB',
        FLYERLINE_THREADS: '3',
        FLYERLINE_S3_FORCE_PATH_STYLE: 'no',
        FLYERLINE_LAKE: '',
      },
    );
    expect(config).toMatchObject({
      memoryLimitBytes: 512 * 1024 ** 2,
      threads: 3,
      s3: { forcePathStyle: false },
      lake: './.flyerline/lake',
    });
  });

  it('cannot be changed once loaded', () => {
    const config = loadConfig({}, {});
    expect(() => Object.assign(config.engine, { leaseMs: 1 })).toThrow(TypeError);
  });

  it.each<[string, ConfigOverrides, NodeJS.ProcessEnv, RegExp]>([
    [
      'a value out of bounds',
      {},
      { FLYERLINE_LEASE_MS: '1' },
      /^Setting "engine.leaseMs" from the environment is not valid/,
    ],
    ['a wrong type', { threads: 0.5 }, {}, /^Setting "threads" from a flag is not valid/],
    ['an unknown setting', { lakes: 'x' } as ConfigOverrides, {}, /^Setting "lakes" from a flag is unknown/],
    [
      'a number that is none',
      {},
      { FLYERLINE_THREADS: 'two' },
      /FLYERLINE_THREADS holds "two", which is not a number/,
    ],
    [
      'a size that is none',
      {},
      { FLYERLINE_MEMORY_LIMIT: '1 pint' },
      /holds "1 pint", which is not a size like 512MiB/,
    ],
    ['an unknown kind of store', { lake: 'gs://bucket' }, {}, /must be a directory, file:.* or s3:/],
    ['a URL that is not of Redis', { redisUrl: 'http://host' }, {}, /must look like redis:/],
    [
      'a date that is none',
      { dags: { nightly: { startDate: '1 May' } } },
      {},
      /"dags.nightly.startDate" from a flag/,
    ],
    [
      'a named file that is not there',
      {},
      { FLYERLINE_CONFIG: '/nowhere/f.json' },
      /"\/nowhere\/f.json" cannot be read/,
    ],
  ])('refuses %s and says where it came from', (_what, overrides, env, message) => {
    expect(configError(overrides, env)).toMatchObject({
      code: 'FL_CONFIG_INVALID',
      retryable: false,
      message: expect.stringMatching(message),
    });
  });

  it('refuses a file that is no JSON object, and a misspelt setting in it, by the name of the file', () => {
    const list = configFile([1, 2]);
    expect(configError({}, { FLYERLINE_CONFIG: list }).message).toContain(`"${list}" is not a JSON object`);
    const misspelt = configFile({ engine: { leaseMS: 600 } });
    expect(configError({}, { FLYERLINE_CONFIG: misspelt }).message).toContain(
      `Setting "engine.leaseMS" from ${misspelt} is unknown`,
    );
  });
});

describe('sizes', () => {
  it.each([
    ['1048576', 1048576],
    ['512MiB', 512 * 1024 ** 2],
    ['2 GB', 2e9],
    ['1.5g', 1.5 * 1024 ** 3],
    ['64k', 65536],
    ['GB', undefined],
    ['-1', undefined],
    ['1 pint', undefined],
  ])('%s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });
});

function configFile(content: unknown): string {
  const path = join(temp.fresh(), 'flyerline.config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function configError(overrides: ConfigOverrides, env: NodeJS.ProcessEnv): FlyerlineError {
  try {
    loadConfig(overrides, env);
  } catch (error) {
    if (error instanceof FlyerlineError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}
