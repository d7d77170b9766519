/** Opens an object store by its URL: `s3://bucket/prefix`, `file:///absolute/path`, or a plain path. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlyerlineError } from '../infra/errors.ts';
import type { S3Options } from '../infra/s3-client.ts';
import { openLocalStore } from './local-store.ts';
import type { ObjectStore } from './object-store.ts';

export interface OpenStoreOptions {
  readonly s3?: S3Options | undefined;
  /** Nothing is created, and every write is refused. @default false */
  readonly readOnly?: boolean | undefined;
}

/** A local directory is created when missing, unless `readOnly`. Close the store when done. */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<ObjectStore> {
  const readOnly = options.readOnly ?? false;
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return openLocalStore(resolve(url), { readOnly });
  if (scheme === 'file') return openLocalStore(fileURLToPath(url), { readOnly });
  if (scheme !== 's3') throw unknownUrl(url, `has the scheme "${scheme}", which is not supported`);
  const [, bucket, prefix] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/i.exec(url) ?? [];
  if (bucket === undefined) throw unknownUrl(url, 'names no bucket');
  // It would be in every manifest, and go to every log.
  if (bucket.includes('@')) throw unknownUrl(`s3://…@${bucket.split('@').at(-1)}`, 'holds credentials');
  // Loaded only here: the SDK costs a noticeable part of a second, and a local lake needs none of it.
  const { openS3Store } = await import('./s3-store.ts');
  return openS3Store({ bucket, prefix: prefix ?? '', readOnly, s3: options.s3 });
}

function unknownUrl(url: string, reason: string): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: `Store "${url}"`,
    reason,
    remedy: 'use s3://bucket/prefix, file:///absolute/path or a plain path',
    retryable: false,
  });
}
