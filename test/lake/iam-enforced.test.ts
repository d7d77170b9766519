/** The example policies, enforced by a server: each role can do its work with them, and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HeadObjectCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { claimPartition } from '../../lake/claim.ts';
import { collectGarbage } from '../../lake/gc.ts';
import { CATALOG_KEY, claimsDir, dataKey, logEntryKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { collectPreviewGarbage, discardPreview } from '../../lake/preview/collect-previews.ts';
import { beginPreview } from '../../lake/preview/preview-doc.ts';
import { newPreviewId } from '../../lake/preview/preview-id.ts';
import { previewStore } from '../../lake/preview/preview-store.ts';
import { openS3Store } from '../../lake/s3-store.ts';
import { deleteNamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import { createSnapshot } from '../../tasks/snapshots/create-snapshot.ts';
import { collectStageGarbage } from '../../tasks/stage-gc/collect-stage.ts';
import { flyerline } from '../support/flyerline.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, type TestS3Server, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

const DAY = '2018-10-01';
const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/0d9b4e6c-2f0e-4d51-9a51-7d9d1c0b7a11';
const ROLES = ['worker', 'gc', 'reader', 'producer', 'careless'] as const;
type Role = (typeof ROLES)[number];

interface RoleCredentials {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
interface Policy {
  readonly Version: string;
  readonly Statement: readonly { readonly Sid: string }[];
}

/** Whatever nobody should be given. */
const ALL_OF_S3 = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };

describeWith(s3ServerInstalled.ministack, 'the example policies on a server', () => {
  const server = useS3Server('ministack');
  let buckets: { readonly lake: string; readonly drops: string };
  let roles: Readonly<Record<Role, RoleCredentials>>;
  let root: S3Client;
  const temp = useTempDir();
  const stores: ObjectStore[] = [];

  const policy = (name: string): Policy => {
    const path = new URL(`../../infra/iam/${name}.json`, import.meta.url);
    const names = { LAKE_BUCKET: buckets.lake, DROPS_BUCKET: buckets.drops, ACCOUNT_ID: roles?.gc.accountId };
    const filled = Object.entries(names).reduce(
      (all, [name, value]) => all.replaceAll(name, value ?? name),
      readFileSync(path, 'utf8'),
    );
    return JSON.parse(filled) as Policy;
  };
  /** Only these statements: plain HTTP is all that the test has. */
  const setBucketPolicy = (name: string, ...sids: string[]) => {
    const { Version, Statement } = policy(name);
    const statements = Statement.filter(({ Sid }) => sids.includes(Sid));
    expect(statements).toHaveLength(sids.length);
    const document = JSON.stringify({ Version, Statement: statements });
    return root.send(new PutBucketPolicyCommand({ Bucket: buckets.lake, Policy: document }));
  };
  const storeOf = (role: Role, bucket: keyof typeof buckets = 'lake'): ObjectStore => {
    const client = clientOf(server, roles[role]);
    const store = openS3Store({ bucket: buckets[bucket], prefix: '', client });
    stores.push(store);
    return store;
  };
  const runAs = (role: Role, args: readonly string[], extra: Readonly<Record<string, string>> = {}) => {
    const { accessKeyId, secretAccessKey } = roles[role];
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      FLYERLINE_S3_ENDPOINT: server.endpoint,
      FLYERLINE_LAKE: `s3://${buckets.lake}`,
      FLYERLINE_DROPS: `s3://${buckets.drops}`,
      ...extra,
    };
    return flyerline(args, { env });
  };
  const encryptionOf = async (bucket: keyof typeof buckets, Key: string) => {
    const answer = await root.send(new HeadObjectCommand({ Bucket: buckets[bucket], Key }));
    return [answer.ServerSideEncryption, answer.SSEKMSKeyId];
  };
  const refused = { code: 'FL_STORE_UNREACHABLE', retryable: false };

  beforeAll(async () => {
    buckets = { lake: await server.createBucket(), drops: await server.createBucket() };
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = server.env;
    root = clientOf(server, { accessKeyId, secretAccessKey });
    roles = await makeUsers(server.endpoint, {
      ...Object.fromEntries(['worker', 'gc', 'reader', 'producer'].map((name) => [name, policy(name)])),
      careless: ALL_OF_S3,
    });
    await setBucketPolicy('lake-bucket', 'OnlyGcDeletes');
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    root?.destroy();
  });

  it('let a producer put drops, and do nothing else with them', async () => {
    const drops = storeOf('producer', 'drops');
    const rows = ['timestamp,user_id,event,flyer_id,merchant_id', `${DAY}T10:00:00-04:00,u1,flyer_open,1,9`];
    await drops.put('a.csv', `${rows.join('\n')}\n`);
    await expect(drops.get('a.csv')).rejects.toMatchObject(refused);
    await expect(drops.delete('a.csv')).rejects.toMatchObject(refused);
    await expect(listKeys(drops, '')).rejects.toMatchObject(refused);
    await expect(storeOf('producer').put('stage/x', 'x')).rejects.toMatchObject(refused);
  });

  it('let a worker run a day from drop to export, and delete nothing', async () => {
    const { exitCode, stderr } = await runAs('worker', ['run', 'nightly', '--date', DAY]);
    expect(stderr).not.toContain('AccessDenied');
    expect(exitCode).toBe(0);
    const lake = storeOf('worker');
    expect(await lake.head(CATALOG_KEY)).toBeDefined();
    for (const key of [logEntryKey('user_day', 0), CATALOG_KEY, (await listKeys(lake, 'stage/dt='))[0]!]) {
      await expect(lake.delete(key)).rejects.toMatchObject(refused);
    }
    await expect(storeOf('worker', 'drops').put('b.csv', 'x')).rejects.toMatchObject(refused);
    await expect(storeOf('worker', 'drops').delete('a.csv')).rejects.toMatchObject(refused);
  });

  it('let gc collect what died and was replaced, and write or delete nothing else', async () => {
    const worker = storeOf('worker');
    const orphans = [
      'tables/user_day/dt=2018-10-01/00000000000000000009-00.parquet',
      'scratch/dt=2018-10-01/x',
    ];
    for (const key of orphans) await worker.put(key, 'left behind');
    const later = { nowMs: Date.now() + 8 * 86_400_000 };
    await expect(collectGarbage(worker, later)).rejects.toMatchObject(refused);
    expect(await worker.head(orphans[0]!)).toBeDefined();

    const before = await listKeys(worker, '');
    const lake = storeOf('gc');
    const deleted: string[] = [];
    await collectGarbage(lake, later, ({ key }) => deleted.push(key));
    await collectStageGarbage(lake, later, ({ key }) => deleted.push(key));
    expect(deleted).toEqual(expect.arrayContaining(orphans));
    const rest = before.filter((key) => !deleted.includes(key));
    expect(await listKeys(worker, '')).toEqual(rest);
    expect((await runAs('worker', ['verify'])).exitCode).toBe(0);

    for (const key of [logEntryKey('user_day', 0), CATALOG_KEY]) {
      await expect(lake.delete(key)).rejects.toMatchObject(refused);
      await expect(lake.put(key, 'x')).rejects.toMatchObject(refused);
    }
    await lake.put('stage/retired/x.json', '{}');
    await lake.delete('stage/retired/x.json');
    await expect(storeOf('gc', 'drops').get('a.csv')).rejects.toMatchObject(refused);
  });

  it('let a worker take snapshots, a reader read them, and only gc delete them', async () => {
    await createSnapshot(storeOf('worker'), { name: 'v1' });
    expect((await runAs('reader', ['snapshot', 'show', 'v1'])).exitCode).toBe(0);
    const { stdout } = await runAs('reader', ['sql', 'from clean_events', '--snapshot', 'v1', '--json']);
    expect((JSON.parse(stdout) as { rows: unknown[] }).rows).toHaveLength(1);
    expect((await runAs('worker', ['snapshot', 'delete', 'v1'])).exitCode).toBe(3);
    await deleteNamedSnapshot(storeOf('gc'), 'v1');
  });

  it('let a worker compute aside and mark it discarded, and gc take the files', async () => {
    const worker = storeOf('worker');
    const about = { id: newPreviewId(Date.now()), dagId: 'nightly', days: [DAY], params: {} };
    const preview = await beginPreview(worker, ['user_day'], about);
    const aside = previewStore(worker, preview);
    const token = await claimPartition(aside, 'user_day', DAY);
    await aside.put(dataKey('user_day', DAY, token, '00'), 'rows');
    expect(await discardPreview(worker, preview)).toBe(false);
    await collectPreviewGarbage(storeOf('gc'));
    expect(await listKeys(worker, 'previews/')).toEqual([]);
  });

  it('let a reader read what is published, and neither inputs nor control files', async () => {
    const lake = storeOf('reader');
    expect((await listKeys(lake, 'current/')).length).toBeGreaterThan(5);
    await lake.get(logEntryKey('user_day', 0));
    await expect(listKeys(lake, 'stage/')).rejects.toMatchObject(refused);
    await expect(lake.get(`${claimsDir('user_day', DAY)}00000000000000000001`)).rejects.toMatchObject(
      refused,
    );
    await expect(lake.put('current/x', 'x')).rejects.toMatchObject(refused);
  });

  it('keep the bucket from deletes by anybody else, whatever else they were allowed', async () => {
    const lake = storeOf('careless');
    await lake.put('anything', 'x');
    await expect(lake.delete('anything')).rejects.toMatchObject(refused);
    await expect(lake.delete(logEntryKey('user_day', 0))).rejects.toMatchObject(refused);
  });

  it('keep plain HTTP out', async () => {
    await setBucketPolicy('lake-bucket', 'NoPlainHttp');
    await expect(storeOf('careless').put('anything', 'x')).rejects.toMatchObject(refused);
    await expect(storeOf('worker').get(CATALOG_KEY)).rejects.toMatchObject(refused);
  });

  it('leave the key to S3 when only AES256 is asked for', async () => {
    const large = join(temp.path, 'large');
    writeFileSync(large, Buffer.alloc(9 << 20));
    const s3 = { ...server.config, serverSideEncryption: 'AES256' } as const;
    const store = await openStore(`s3://${buckets.drops}`, { s3 });
    stores.push(store);
    await store.put('small', 'x');
    await store.putFile('in-parts', large);
    for (const key of ['small', 'in-parts'])
      expect(await encryptionOf('drops', key)).toEqual(['AES256', undefined]);
  });

  it('take only what is encrypted with a key: every write of a run says so when it is configured', async () => {
    await setBucketPolicy('lake-bucket-encryption', 'OnlyEncryptedWithTheKey');
    const args = ['run', 'nightly', '--date', DAY, '--force'];
    const plain = await runAs('worker', args);
    expect(plain.exitCode).not.toBe(0);
    expect(plain.stderr).toContain('AccessDenied');
    const before = await listKeys(storeOf('worker'), '');
    const encrypted = await runAs('worker', args, {
      FLYERLINE_S3_SERVER_SIDE_ENCRYPTION: 'aws:kms',
      FLYERLINE_S3_KMS_KEY_ID: KMS_KEY,
    });
    expect(encrypted.exitCode).toBe(0);
    const large = join(temp.path, 'large');
    writeFileSync(large, Buffer.alloc(9 << 20));
    const s3 = { ...server.config, serverSideEncryption: 'aws:kms', kmsKeyId: KMS_KEY } as const;
    const store = await openStore(`s3://${buckets.lake}`, { s3 });
    stores.push(store);
    await store.putFile('in-parts', large, { ifAbsent: true });
    const written = (await listKeys(storeOf('worker'), '')).filter((key) => !before.includes(key));
    expect(written.length).toBeGreaterThan(10);
    for (const key of [...written, CATALOG_KEY]) {
      expect([key, ...(await encryptionOf('lake', key))]).toEqual([key, 'aws:kms', KMS_KEY]);
    }
  });
});

function clientOf(
  { config, endpoint }: TestS3Server,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): S3Client {
  return new S3Client({ endpoint, region: config.region, forcePathStyle: true, credentials });
}

async function makeUsers(
  endpoint: string,
  policies: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<Role, RoleCredentials>>> {
  const script = new URL('../support/iam_users.py', import.meta.url).pathname;
  const child = spawn((await findPython())!, [script, endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(policies));
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(exitCode).toBe(0);
  return JSON.parse(output) as Record<Role, RoleCredentials>;
}
