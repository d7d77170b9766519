/**
 * Compare-and-swap of a file among processes that may die or stall anywhere, without a lock that could be left behind.
 *
 * POSIX has no "rename if the target is still X". What it has: exclusive create, and a rename that fails when its source
 * is gone. So the *right* to replace version X of a file is a private hard link of the prepared content, and the commit
 * is the rename of that link. Rights for one version queue in a chain of symbolic links (`<chain>.0`, `.1`, …), each
 * created exclusively and naming its owner's right. Whoever wants rank k+1 first revokes the right of rank k by
 * unlinking it, and does so only when that owner is dead or stale. From then on:
 *
 * - an owner that wakes up after a pause of any length finds its right gone, its rename fails, it starts over;
 * - a rename that came just before the revocation has changed the file's version, which the successor then sees;
 * - a chain belongs to one version of one file. Versions never repeat (see `nextMtimeSeconds`), so a chain is removed
 *   only after its version is history, and nobody can win on it again.
 */
import { randomUUID } from 'node:crypto';
import { link, lstat, readlink, rename, stat, symlink, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../infra/is-alive.ts';
import { hasErrno, ignoring } from './errno.ts';
import { sha256Hex } from './sha256.ts';

/** A right older than this may be revoked even though its owner seems alive. Revoking too early is safe, only slower. */
const STALE_MS = 5_000;
const POLL_MS = 4;

/** Names this machine in a right: only its own processes can be asked whether they live. */
export const HOST = sha256Hex(hostname()).slice(0, 8);

/** Of a file: changes with every replacement, also within one tick of the clock. */
export function etagOfStat(info: { mtimeNs: bigint; ino: bigint; size: bigint }): string {
  return `${info.mtimeNs.toString(36)}-${info.ino.toString(36)}-${info.size.toString(36)}`;
}

/** Undefined when there is no such file. */
export async function etagOfFile(path: string): Promise<string | undefined> {
  const info = await ignoring(['ENOENT', 'ENOTDIR'], stat(path, { bigint: true }));
  return info && etagOfStat(info);
}

/** Puts the content of `prepared` (a finished file in `privateDir`, which stays) at `target` if its ETag is `expected`. */
export async function swapFile(
  prepared: string,
  target: string,
  expected: string,
  privateDir: string,
  staleMs = STALE_MS,
): Promise<'swapped' | 'lost'> {
  const chain = join(privateDir, chainName(target, expected));
  for (;;) {
    const right = join(privateDir, `right-${HOST}-${process.pid}-${randomUUID()}`);
    await link(prepared, right);
    const rank = await takeRank(chain, right, staleMs, async () => (await etagOfFile(target)) === expected);
    if (rank === undefined || (await etagOfFile(target)) !== expected) {
      await ignoring(['ENOENT'], unlink(right));
      if (rank !== undefined) await ignoring(['ENOENT'], unlink(`${chain}.${rank}`));
      return 'lost';
    }
    await nextMtime(prepared, target);
    try {
      await rename(right, target);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) continue; // Revoked: somebody took us for dead. Look again.
      throw error;
    }
    for (let done = 0; done <= rank; done += 1) await ignoring(['ENOENT'], unlink(`${chain}.${done}`));
    return 'swapped';
  }
}

/** Of the rights to replace one version of one file. */
export function chainName(target: string, etag: string): string {
  return `chain-${sha256Hex(`${target}\0${etag}`).slice(0, 32)}`;
}

/** The rank won in the chain, with all lower rights revoked; undefined when the version is history. */
async function takeRank(
  chain: string,
  right: string,
  staleMs: number,
  isCurrent: () => Promise<boolean>,
): Promise<number | undefined> {
  for (let rank = 0; ; ) {
    const taken = await symlink(basename(right), `${chain}.${rank}`).then(
      () => false,
      (error: unknown) => {
        if (hasErrno(error, 'EEXIST')) return true;
        throw error;
      },
    );
    if (!taken) return rank;
    if (!(await isCurrent())) return undefined;
    const holder = await ignoring(['ENOENT', 'EINVAL'], readlink(`${chain}.${rank}`));
    if (holder !== undefined && (await isStale(`${chain}.${rank}`, holder, staleMs))) {
      await ignoring(['ENOENT'], unlink(join(right, '..', holder)));
      rank += 1;
    } else {
      await sleep(POLL_MS + Math.random() * POLL_MS);
    }
  }
}

async function isStale(rankLink: string, holder: string, staleMs: number): Promise<boolean> {
  const [, host, pid] = holder.split('-');
  if (host === HOST && !isAlive(Number(pid))) return true;
  const info = await ignoring(['ENOENT'], lstat(rankLink));
  return info !== undefined && Date.now() - info.mtimeMs > staleMs;
}

/**
 * Makes the modification time of every version of a file later than that of the version before, whatever the clock's
 * tick and the reuse of inodes: an ETag made of it never comes back. 1 µs is the smallest step a double of seconds holds.
 */
async function nextMtime(prepared: string, target: string): Promise<void> {
  const [mine, theirs] = await Promise.all([
    stat(prepared, { bigint: true }),
    ignoring(['ENOENT'], stat(target, { bigint: true })),
  ]);
  if (theirs === undefined || mine.mtimeNs > theirs.mtimeNs) return;
  const seconds = Number(theirs.mtimeNs) / 1e9 + 1e-6;
  await utimes(prepared, seconds, seconds);
}
