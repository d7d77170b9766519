/** Real S3 servers for one test file (versitygw, ministack, moto), on a free port with credentials of their own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import type { ChildServer } from '../../infra/child-server.ts';
import type { Config } from '../../infra/config.ts';
import { type S3ServerKind, startS3Server } from './s3-process.ts';

export { s3ServerInstalled } from './s3-process.ts';

export interface TestS3Server {
  /** `http://127.0.0.1:PORT`, known once `beforeAll` has run. */
  readonly endpoint: string;
  /** What `openStore` and `createS3Client` take; credentials are in the environment of this process. */
  readonly config: Config['s3'];
  /** Credentials as environment variables, for child processes. */
  readonly env: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;
  /** Makes a bucket that no other test uses; resolves to its name. */
  createBucket(): Promise<string>;
}

/** Call it at the top of a file or of a `describe`: it starts the server before and stops it after the tests. */
export function useS3Server(kind: S3ServerKind): TestS3Server {
  const env = {
    AWS_ACCESS_KEY_ID: `test${randomBytes(8).toString('hex')}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
  };
  const outerEnv = { ...process.env };
  let running: { server: ChildServer; endpoint: string } | undefined;
  let rootDir: string | undefined;
  let buckets = 0;

  beforeAll(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'flyerline-s3-'));
    running = await startS3Server(kind, rootDir, env);
    Object.assign(process.env, env);
  }, 60_000);
  afterAll(async () => {
    for (const name of Object.keys(env)) restore(name, outerEnv[name]);
    await running?.server.stop();
    if (rootDir !== undefined) await rm(rootDir, { recursive: true, force: true });
  });

  const endpoint = () => {
    if (running === undefined)
      throw new Error('The S3 server is started by beforeAll: use it inside a test.');
    return running.endpoint;
  };
  const config = () => ({
    endpoint: endpoint(),
    region: 'us-east-1',
    forcePathStyle: true,
    requestTimeoutMs: 10_000,
    connectionTimeoutMs: 2_000,
  });
  return {
    env,
    get endpoint() {
      return endpoint();
    },
    get config() {
      return config();
    },
    createBucket: async () => {
      const bucket = `test-${process.pid}-${++buckets}`;
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
      const client = new S3Client({ ...config(), credentials: { accessKeyId, secretAccessKey } });
      await client.send(new CreateBucketCommand({ Bucket: bucket })).finally(() => client.destroy());
      return bucket;
    },
  };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
