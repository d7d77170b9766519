/** Lists a directory as an object store lists keys: by prefix, in code-point order, without folders. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoring } from './errno.ts';
import { etagOfStat } from './local-swap.ts';
import { compareKeys, PRIVATE_DIR, pathOfKey, segmentOfName } from './object-keys.ts';
import type { ObjectInfo } from './object-store.ts';

const STATS_AT_ONCE = 64;

/** Objects below `folder` (a key ending with '/', or '') whose keys begin with `prefix` and come after `after`. */
export async function* listFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const dir = join(root, folder === '' ? '' : pathOfKey(folder.slice(0, -1)));
  const entries = await ignoring(['ENOENT', 'ENOTDIR'], readdir(dir, { withFileTypes: true }));
  const keys = (await Promise.all((entries ?? []).map((entry) => keyOfEntry(folder, dir, entry))))
    .filter((key) => key !== undefined)
    .filter((key) => key.startsWith(prefix) || (isFolder(key) && prefix.startsWith(key)))
    .filter(
      (key) => after === undefined || compareKeys(key, after) > 0 || (isFolder(key) && after.startsWith(key)),
    )
    .sort(compareKeys);
  for (let start = 0; start < keys.length; start += STATS_AT_ONCE) {
    const some = keys.slice(start, start + STATS_AT_ONCE);
    const infos = await Promise.all(
      some.map((key) => (isFolder(key) ? undefined : infoOfFile(key, join(root, pathOfKey(key))))),
    );
    for (const [index, key] of some.entries()) {
      const info = infos[index];
      if (isFolder(key)) yield* listFolder(root, key, prefix, after);
      else if (info !== undefined && key !== after) yield info;
    }
  }
}

const isFolder = (key: string): boolean => key.endsWith('/');

/** A folder's key ends with '/', so that `a/` sorts after `a-b` as its objects do. Undefined: no object. */
async function keyOfEntry(folder: string, dir: string, entry: Dirent): Promise<string | undefined> {
  if (entry.name === PRIVATE_DIR) return undefined;
  const key = folder + segmentOfName(entry.name);
  if (entry.isDirectory()) return `${key}/`;
  if (entry.isFile()) return key;
  if (!entry.isSymbolicLink()) return undefined;
  const path = join(dir, entry.name);
  const real = await ignoring(['ENOENT', 'ELOOP'], realpath(path));
  if (real === undefined) return undefined;
  if ((await stat(real)).isFile()) return key;
  // A link to a folder above itself would be walked for ever.
  return `${await realpath(dir)}/`.startsWith(`${real}/`) ? undefined : `${key}/`;
}

/** Undefined when there is no such file. */
export async function infoOfFile(key: string, path: string): Promise<ObjectInfo | undefined> {
  const info = await ignoring(['ENOENT', 'ENOTDIR'], stat(path, { bigint: true }));
  return info?.isFile() ? infoOf(key, info) : undefined;
}

export function infoOf(key: string, info: { mtimeNs: bigint; ino: bigint; size: bigint }): ObjectInfo {
  return {
    key,
    size: Number(info.size),
    etag: etagOfStat(info),
    lastModifiedMs: Number(info.mtimeNs / 1_000_000n),
  };
}
