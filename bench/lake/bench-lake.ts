/** Measures the lake: publishing on a directory and on S3, the state of large tables, the export of a large partition. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { createS3Client } from '../../infra/s3-client.ts';
import { openStore } from '../../lake/open-store.ts';
import { s3ServerInstalled, startS3Server } from '../../test/support/s3-process.ts';
import { describeEnvironment } from '../support/environment.ts';
import { measureDeltalake } from './delta-peer.ts';
import { measureExport } from './large-export.ts';
import type { LakeBenchOptions } from './options.ts';
import { measurePublishing } from './publish-latency.ts';
import type { LakeResult, StateResult, StoreResult } from './result.ts';
import { measureState } from './table-state.ts';

export interface Progress {
  readonly signal: AbortSignal;
  onStep(what: string): void;
}

export async function benchLake(options: LakeBenchOptions, progress: Progress): Promise<LakeResult> {
  const root = await mkdtemp(join(tmpdir(), 'flyerline-bench-lake-'));
  const scratchDir = join(root, 'scratch');
  await mkdir(scratchDir);
  const stores: StoreResult[] = [];
  const states: StateResult[] = [];
  const skipped: string[] = [];
  const add = (result: StoreResult | string) => {
    if (typeof result === 'string') skipped.push(result);
    else stores.push(result);
  };
  const step = (what: string) => {
    progress.signal.throwIfAborted();
    progress.onStep(what);
  };
  try {
    if (options.commits > 0) {
      const measuring = { root, scratchDir, commits: options.commits, step, add };
      await measureInDirectory(measuring);
      const { missing } = s3ServerInstalled.versitygw;
      if (missing === undefined) await measureOnS3(measuring);
      else skipped.push(missing);
    }
    for (const partitions of options.partitions.filter((count) => count > 0)) {
      step(`state of ${partitions} partitions`);
      const store = await openStore(join(root, 'lake'));
      states.push(await measureState(store, partitions).finally(() => store.close()));
    }
    const { exportRows: rowCount, memoryLimit: memoryLimitBytes } = options;
    const { signal } = progress;
    if (rowCount > 0) step(`export of ${rowCount} rows`);
    const large = { directory: join(root, 'large'), scratchDir, rowCount, memoryLimitBytes, signal };
    const exported = rowCount > 0 ? await measureExport(large) : undefined;
    return { environment: describeEnvironment(PROJECT_ROOT), stores, states, export: exported, skipped };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Measuring {
  readonly root: string;
  readonly scratchDir: string;
  readonly commits: number;
  readonly step: (what: string) => void;
  /** Takes a result, or the reason why there is none. */
  readonly add: (result: StoreResult | string) => void;
}

async function measureInDirectory({ root, scratchDir, commits, step, add }: Measuring): Promise<void> {
  const store = await openStore(join(root, 'lake'));
  step('publishing in a directory');
  add(await measurePublishing('directory', store, commits, scratchDir).finally(() => store.close()));
  step('deltalake in a directory');
  add(await measureDeltalake('directory, deltalake', join(root, 'deltalake'), commits, scratchDir, {}));
}

/** A private versitygw: real requests and signatures, without the distance of a real S3. */
async function measureOnS3({ root, scratchDir, commits, step, add }: Measuring): Promise<void> {
  const credentials = {
    AWS_ACCESS_KEY_ID: randomBytes(8).toString('hex'),
    AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
  };
  const outer = { ...process.env };
  const { server, endpoint } = await startS3Server('versitygw', join(root, 's3'), credentials);
  Object.assign(process.env, credentials);
  try {
    const s3 = { endpoint, forcePathStyle: true };
    const client = createS3Client(s3);
    await client.send(new CreateBucketCommand({ Bucket: 'bench' })).finally(() => client.destroy());
    const store = await openStore('s3://bench/lake', { s3 });
    step('publishing on S3');
    add(await measurePublishing('S3 (versitygw)', store, commits, scratchDir).finally(() => store.close()));
    step('deltalake on S3');
    add(
      await measureDeltalake('S3 (versitygw), deltalake', 's3://bench/deltalake', commits, scratchDir, {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ALLOW_HTTP: 'true',
        AWS_REGION: 'us-east-1',
        ...credentials,
      }),
    );
  } finally {
    for (const name of Object.keys(credentials)) {
      if (outer[name] === undefined) delete process.env[name];
      else process.env[name] = outer[name];
    }
    await server.stop();
  }
}
