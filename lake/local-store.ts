/** A local directory that behaves like an object store: atomic puts, conditional writes, ordered listings. */
import { randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import {
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { hasErrno, ignoring } from './errno.ts';
import { infoOf, infoOfFile, listFolder } from './local-list.ts';
import { etagOfFile, swapFile } from './local-swap.ts';
import { PRIVATE_DIR, pathOfKey } from './object-keys.ts';
import type { ObjectInfo, ObjectStore, PutFileOptions, WriteCondition } from './object-store.ts';
import { objectMissing, preconditionLost, storeIsReadOnly } from './store-errors.ts';

const ABANDONED_MS = 24 * 3_600_000;

/** `root` is absolute. It is created when missing, unless `readOnly`; a missing read-only root holds no objects. */
export async function openLocalStore(
  root: string,
  options: { readonly readOnly?: boolean } = {},
): Promise<ObjectStore> {
  if (!options.readOnly) {
    await mkdir(join(root, PRIVATE_DIR), { recursive: true });
    await sweepPrivateDir(join(root, PRIVATE_DIR));
  }
  return new LocalStore(root, options.readOnly ?? false);
}

class LocalStore implements ObjectStore {
  readonly url: string;
  readonly localRoot: string;
  readonly #readOnly: boolean;
  readonly #privateDir: string;

  constructor(root: string, readOnly: boolean) {
    this.url = pathToFileURL(root).href;
    this.localRoot = root;
    this.#readOnly = readOnly;
    this.#privateDir = join(root, PRIVATE_DIR);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return infoOfFile(key, this.#path(key));
  }

  async get(key: string): Promise<{ readonly body: Buffer; readonly info: ObjectInfo }> {
    const file = await this.#open(key);
    try {
      // Of the open file: a replacement meanwhile is another inode, so body and info belong together.
      const info = infoOf(key, await file.stat({ bigint: true }));
      return { body: await file.readFile(), info };
    } finally {
      await file.close();
    }
  }

  async read(key: string, offset = 0): Promise<Readable> {
    const file = await this.#open(key);
    return createReadStream('', { fd: file, start: offset, highWaterMark: 1 << 20 });
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncIterable<ObjectInfo> {
    yield* listFolder(this.localRoot, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, options.after);
  }

  async put(key: string, body: Uint8Array | string, condition: WriteCondition = {}): Promise<ObjectInfo> {
    return this.#write(key, condition, (path) => writeFile(path, body, { flag: 'wx' }));
  }

  async putFile(key: string, path: string, options: PutFileOptions = {}): Promise<ObjectInfo> {
    return this.#write(key, options, (to) => (options.isGiven ? take(path, to) : copy(path, to)));
  }

  async fetchFile(key: string): Promise<string> {
    if ((await this.head(key)) === undefined) throw objectMissing(this.url, key);
    return this.#path(key);
  }

  async delete(key: string): Promise<void> {
    if (this.#readOnly) throw storeIsReadOnly(this.url, key);
    const path = this.#path(key);
    await ignoring(['ENOENT', 'ENOTDIR'], unlink(path));
    // An object store has no empty folders. A put that loses its folder here makes it again.
    for (let dir = dirname(path); dir.length > this.localRoot.length; dir = dirname(dir)) {
      const gone = await rmdir(dir).then(
        () => true,
        () => false,
      );
      if (!gone) return;
    }
  }

  async close(): Promise<void> {}

  #path(key: string): string {
    return join(this.localRoot, pathOfKey(key));
  }

  async #open(key: string) {
    const path = this.#path(key);
    const file = await ignoring(['ENOENT', 'ENOTDIR'], open(path, 'r'));
    if (file === undefined) throw objectMissing(this.url, key);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw objectMissing(this.url, key);
  }

  /** Write a private file, make it durable, then make it visible in one step; the folder is made durable last. */
  async #write(
    key: string,
    condition: WriteCondition,
    fill: (path: string) => Promise<void>,
  ): Promise<ObjectInfo> {
    if (this.#readOnly) throw storeIsReadOnly(this.url, key);
    const target = this.#path(key);
    const prepared = join(this.#privateDir, `put-${process.pid}-${randomUUID()}`);
    try {
      await fill(prepared);
      await sync(prepared);
      if ((await this.#publish(prepared, target, condition)) === 'lost') {
        throw preconditionLost(this.url, key);
      }
      // `prepared` is another name of what was just written, even when somebody has already replaced it.
      const info = infoOf(key, await stat(prepared, { bigint: true }));
      await ignoring(['ENOENT'], sync(dirname(target)));
      return info;
    } finally {
      await ignoring(['ENOENT'], unlink(prepared));
    }
  }

  async #publish(prepared: string, target: string, condition: WriteCondition): Promise<'done' | 'lost'> {
    if (condition.ifMatch !== undefined) {
      return (await swapFile(prepared, target, condition.ifMatch, this.#privateDir)) === 'lost'
        ? 'lost'
        : 'done';
    }
    for (;;) {
      if (await linkNew(prepared, target)) return 'done';
      if (condition.ifAbsent) return 'lost';
      const current = await etagOfFile(target);
      if (current === undefined) continue;
      if ((await swapFile(prepared, target, current, this.#privateDir)) === 'swapped') return 'done';
    }
  }
}

/** A file system that can share blocks copies nothing. */
function copy(from: string, to: string): Promise<void> {
  return copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

/** `to` is a name that nobody else has. */
async function take(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // Scratch files may be on another file system.
    if (!hasErrno(error, 'EXDEV')) throw error;
    await copy(from, to);
  }
}

/** False when the target exists. Its folder is made when missing, again if a delete removes it in between. */
async function linkNew(prepared: string, target: string): Promise<boolean> {
  for (;;) {
    try {
      await link(prepared, target);
      return true;
    } catch (error) {
      if (hasErrno(error, 'EEXIST')) return false;
      if (!hasErrno(error, 'ENOENT')) throw error;
      await mkdir(dirname(target), { recursive: true });
    }
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what writers that died long ago left. Rights go before the chains that name them (see local-swap). */
async function sweepPrivateDir(dir: string): Promise<void> {
  const names = await readdir(dir);
  for (const isChain of [false, true]) {
    for (const name of names.filter((name) => name.startsWith('chain-') === isChain)) {
      const info = await ignoring(['ENOENT'], lstat(join(dir, name)));
      if (info && Date.now() - info.mtimeMs > ABANDONED_MS) {
        await ignoring(['ENOENT'], unlink(join(dir, name)));
      }
    }
  }
}
