/** Drops: what producers have put into the drop store, told by their names. */

import type { ObjectInfo, ObjectStore } from '../../../lake/object-store.ts';
import { sha256Hex } from '../../../lake/sha256.ts';
import type { ParseParams } from '../parse-params.ts';

export type DropFormat = 'csv' | 'ndjson' | 'json' | 'xml';
export type DropCompression = 'none' | 'gzip' | 'zstd';

export interface Drop extends ObjectInfo {
  readonly format: DropFormat;
  readonly compression: DropCompression;
  /** Identity of its staged rows. The first half is the drop's, the second that of its content and of how it is read. */
  readonly src: string;
}

/** What else decides how a drop is staged. */
export interface StagingIdentity {
  /** Of the store of drops. */
  readonly dropsUrl: string;
  readonly stagingVersion: string;
  readonly params: ParseParams;
}

const NAME = /\.(csv|ndjson|jsonl|json|xml)(?:\.(gz|zst))?$/i;
/** Files that are being written, markers of jobs, hidden files: what everybody else's readers pass over as well. */
const PRIVATE = /(?:^|\/)[._]/;
const COMPRESSIONS: Readonly<Record<string, DropCompression>> = { gz: 'gzip', zst: 'zstd' };

/** Where a lake has its objects, when drops share its place. */
const LAKE_FOLDERS = ['ctl/', 'current/', 'previews/', 'scratch/', 'stage/', 'tables/'];

/** All drops, in order of their keys. A lake in the same place, or below it, holds none. */
export async function listDrops(
  store: ObjectStore,
  identity: StagingIdentity,
  lakeUrl?: string,
): Promise<Drop[]> {
  return (await listDropObjects(store, lakeUrl)).map((info) => dropOf(info, identity)!);
}

/** The same as they are listed, for those who only want to know which there are. */
export async function listDropObjects(store: ObjectStore, lakeUrl?: string): Promise<ObjectInfo[]> {
  const notDrops = lakeUrl === undefined ? [] : prefixesOfLake(store.url, lakeUrl);
  const drops: ObjectInfo[] = [];
  for await (const info of store.list('')) {
    if (isDrop(info.key) && !notDrops.some((prefix) => info.key.startsWith(prefix))) drops.push(info);
  }
  return drops;
}

const isDrop = (key: string): boolean => NAME.test(key) && !PRIVATE.test(key);

function prefixesOfLake(dropsUrl: string, lakeUrl: string): readonly string[] {
  if (lakeUrl === dropsUrl) return LAKE_FOLDERS;
  const above = dropsUrl.endsWith('/') ? dropsUrl : `${dropsUrl}/`;
  return lakeUrl.startsWith(above) ? [`${decodeURIComponent(lakeUrl.slice(above.length))}/`] : [];
}

/** Undefined when the object is no drop. */
export function dropOf(info: ObjectInfo, identity: StagingIdentity): Drop | undefined {
  if (!isDrop(info.key)) return undefined;
  const match = NAME.exec(info.key)!;
  const extension = match[1]!.toLowerCase();
  return {
    ...info,
    format: extension === 'jsonl' ? 'ndjson' : (extension as DropFormat),
    compression: COMPRESSIONS[match[2]?.toLowerCase() ?? ''] ?? 'none',
    src: dropHalf(info.key, identity) + contentHalf(info.etag, identity),
  };
}

/** The half of `src` that all versions of a drop share. */
export function dropHalf(key: string, { dropsUrl }: Pick<StagingIdentity, 'dropsUrl'>): string {
  return sha256Hex(JSON.stringify([dropsUrl, key])).slice(0, 16);
}

function contentHalf(etag: string, { stagingVersion, params }: StagingIdentity): string {
  return sha256Hex(JSON.stringify([etag, stagingVersion, params.report_tz, params.max_future_s])).slice(
    0,
    16,
  );
}
