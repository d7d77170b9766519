/** No secret is in anything that failing runs write: output, logs, Redis, the lake, temporary files. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { outcomeOfThrown } from '../../engine/attempt-outcome.ts';
import { openStore } from '../../lake/open-store.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { flyerline } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

const DAY = '2018-10-01';
const REDIS_PASSWORD = 'redis-password-7f3a';
const WRONG_SECRET = 'wrong-secret-91c2';
const DENIED = { status: 403, code: 'AccessDenied' } as const;

describeWith([s3ServerInstalled.versitygw, redisInstalled], 'what failing runs write', () => {
  const s3 = useS3Server('versitygw');
  const redis = useRedis();
  const temp = useTempDir();

  const secrets = () => [...Object.values(s3.env), REDIS_PASSWORD, WRONG_SECRET];
  const expectNoSecret = (where: string, text: string) => {
    for (const secret of secrets()) expect(text.includes(secret), `${where} holds a secret`).toBe(false);
  };
  const environment = (bucket: string, endpoint = s3.endpoint) => ({
    FLYERLINE_LAKE: `s3://${bucket}/lake`,
    FLYERLINE_DROPS: `s3://${bucket}/drops`,
    FLYERLINE_S3_ENDPOINT: endpoint,
    FLYERLINE_SCRATCH_DIR: temp.path,
    FLYERLINE_LOG_LEVEL: 'debug',
    FLYERLINE_LOG_FORMAT: 'json',
  });
  const prepared = async () => {
    const bucket = await s3.createBucket();
    const drops = await openStore(`s3://${bucket}/drops`, { s3: s3.config });
    const rows = ['timestamp,user_id,event,flyer_id,merchant_id', `${DAY}T10:00:00-04:00,u1,flyer_open,1,9`];
    await drops.put('a.csv', `${rows.join('\n')}\n`);
    await drops.close();
    return bucket;
  };
  const expectCleanLake = async (bucket: string) => {
    const store = await openStore(`s3://${bucket}`, { s3: s3.config });
    const keys = await listKeys(store, '');
    for (const key of keys) expectNoSecret(key, (await store.get(key)).body.toString('latin1'));
    await store.close();
    return keys;
  };
  /** Refuses the writes below a prefix: a run fails there, halfway. */
  const refusing = async (below: string): Promise<FaultyProxy> => {
    const proxy = await startFaultyProxy(s3.endpoint);
    proxy.plan(Array(10_000).fill(DENIED), ({ method, url }) => method === 'PUT' && url!.includes(below));
    return proxy;
  };

  it.each([
    ['is refused its credentials', { AWS_SECRET_ACCESS_KEY: WRONG_SECRET }, ''],
    ['may not commit', {}, '/tables/'],
    ['may not publish', {}, '/current/'],
  ])('holds none when a run %s', async (_, credentials, denied) => {
    const bucket = await prepared();
    const proxy = denied === '' ? undefined : await refusing(denied);
    const env = { ...environment(bucket, proxy?.endpoint), ...s3.env, ...credentials };
    for (const output of [['--verbose'], ['--json']]) {
      const args = ['run', 'nightly', '--date', DAY, ...output];
      const { exitCode, stdout, stderr } = await flyerline(args, { env });
      expect(exitCode).not.toBe(0);
      expect(stdout + stderr).toContain('FL_STORE_UNREACHABLE');
      expectNoSecret('the output', stdout + stderr);
    }
    await proxy?.close();
    await expectCleanLake(bucket);
    for (const path of filesBelow(temp.path)) expectNoSecret(path, readFileSync(path, 'latin1'));
  });

  it('holds none when workers fail, with a password in the URL of Redis', async () => {
    const bucket = await prepared();
    const proxy = await refusing('/current/');
    const client = redis.connect();
    await client.config('SET', 'requirepass', REDIS_PASSWORD);
    const url = new URL(redis.url);
    url.password = REDIS_PASSWORD;
    const env = {
      ...environment(bucket, proxy.endpoint),
      ...s3.env,
      FLYERLINE_REDIS_URL: url.href,
      FLYERLINE_REDIS_PREFIX: redis.uniquePrefix(),
    };
    const said: string[] = [];
    const processes = ['scheduler', 'worker'].map((command) => start(command, env, said));
    const ran = await flyerline(['trigger', 'nightly', '--date', DAY, '--wait', '--verbose'], { env });
    expect(ran.exitCode).not.toBe(0);
    const shown = await Promise.all([flyerline(['runs', 'list', '--json'], { env }), dump(client)]);
    for (const child of processes) await stop(child);
    await proxy.close();

    const inRedis = shown[1];
    expect(inRedis).toContain('AccessDenied');
    expectNoSecret('Redis', inRedis);
    expectNoSecret('the output', ran.stdout + ran.stderr + shown[0].stdout + shown[0].stderr);
    expect(said.join('')).toContain('AccessDenied');
    expectNoSecret('the log of scheduler and worker', said.join(''));
    expect((await expectCleanLake(bucket)).some((key) => key.includes('/manifests/'))).toBe(true);
  }, 180_000);

  it('holds none when somebody put credentials into a URL, which is refused', async () => {
    const inUrl = `://key:${WRONG_SECRET}@`;
    for (const env of [
      { FLYERLINE_LAKE: `s3${inUrl}bucket/lake` },
      { FLYERLINE_S3_ENDPOINT: `http${inUrl}127.0.0.1:1` },
    ]) {
      const { exitCode, stdout, stderr } = await flyerline(['verify', '--verbose'], { env });
      expect(exitCode).toBe(2);
      expect(stderr).toContain('must not hold credentials');
      expectNoSecret('the output', stdout + stderr);
    }
    const error = await openStore(`s3${inUrl}bucket/lake`).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'FL_CONFIG_INVALID', reason: 'holds credentials' });
    expectNoSecret('the error', JSON.stringify(error) + String(error));
  });

  it('holds none when a task throws what a library said of its connection', () => {
    const outcome = outcomeOfThrown(new Error(`connect redis://:${REDIS_PASSWORD}@host:6379 failed`));
    expectNoSecret('the state of the run', JSON.stringify(outcome));
    expect(JSON.stringify(outcome)).toContain('host:6379 failed');
  });
});

function start(command: string, env: Readonly<Record<string, string>>, said: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'cli/main.ts'), command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  }
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
}

/** Names and values of all keys, as text. */
async function dump(client: Redis): Promise<string> {
  const parts: string[] = [];
  for (const key of await client.keys('*')) {
    const read = {
      string: () => client.get(key),
      list: () => client.lrange(key, 0, -1),
      set: () => client.smembers(key),
      zset: () => client.zrange(key, '0', '-1'),
      hash: () => client.hgetall(key),
      stream: () => client.xrange(key, '-', '+'),
    }[await client.type(key)];
    parts.push(key, JSON.stringify(await read?.()));
  }
  return parts.join('\n');
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}
