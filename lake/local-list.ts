/** Lists a directory as an object store lists keys: by prefix, in code-point order, without folders. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoring } from './errno.ts';
import { etagOfStat } from './local-swap.ts';
import { compareKeys, PRIVATE_DIR, pathOfKey, segmentOfName } from './object-keys.ts';
import type { ObjectInfo } from './object-store.ts';

const STATS_AT_ONCE = 64;
/** A folder a day is usual: one after the other, ten thousand of them would take seconds. */
const FOLDERS_AHEAD = 16;

/** Objects below `folder` (a key ending with '/', or '') whose keys begin with `prefix` and come after `after`. */
export async function* listFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  yield* listOpened(root, await openFolder(root, folder, prefix, after), prefix, after);
}

async function* listOpened(
  root: string,
  { keys, first }: OpenedFolder,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  const folders = keys.filter(isFolder);
  const opened: Promise<OpenedFolder>[] = [];
  let ahead = 0;
  const nextFolder = (): Promise<OpenedFolder> => {
    for (; ahead < folders.length && opened.length < FOLDERS_AHEAD; ahead += 1) {
      const opening = openFolder(root, folders[ahead]!, prefix, after);
      // Whoever stops listing asks for no more of them.
      opening.catch(() => {});
      opened.push(opening);
    }
    return opened.shift()!;
  };
  for (let start = 0; start < keys.length; start += STATS_AT_ONCE) {
    const infos = start === 0 ? first : await infosOf(root, keys.slice(start, start + STATS_AT_ONCE));
    for (const [index, info] of infos.entries()) {
      const key = keys[start + index]!;
      if (isFolder(key)) yield* listOpened(root, await nextFolder(), prefix, after);
      else if (info !== undefined && key !== after) yield info;
    }
  }
}

interface OpenedFolder {
  /** In order. */
  readonly keys: readonly string[];
  /** What the first of them are. */
  readonly first: readonly (ObjectInfo | undefined)[];
}

async function openFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string | undefined,
): Promise<OpenedFolder> {
  const dir = join(root, folder === '' ? '' : pathOfKey(folder.slice(0, -1)));
  const entries = await ignoring(['ENOENT', 'ENOTDIR'], readdir(dir, { withFileTypes: true }));
  const keys = (await Promise.all((entries ?? []).map((entry) => keyOfEntry(folder, dir, entry))))
    .filter((key) => key !== undefined)
    .filter((key) => key.startsWith(prefix) || (isFolder(key) && prefix.startsWith(key)))
    .filter(
      (key) => after === undefined || compareKeys(key, after) > 0 || (isFolder(key) && after.startsWith(key)),
    )
    .sort(compareKeys);
  return { keys, first: await infosOf(root, keys.slice(0, STATS_AT_ONCE)) };
}

/** Undefined for folders, and for files that are gone by now. */
const infosOf = (root: string, keys: readonly string[]): Promise<(ObjectInfo | undefined)[]> =>
  Promise.all(keys.map((key) => (isFolder(key) ? undefined : infoOfFile(key, join(root, pathOfKey(key))))));

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
