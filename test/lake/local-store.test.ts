/** What only a directory has: other processes that die in the middle, files of others, links, and leftovers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chainName, etagOfFile, HOST, swapFile } from '../../lake/local-swap.ts';
import { PRIVATE_DIR } from '../../lake/object-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

const COUNT_UP = new URL('./count-up.ts', import.meta.url).pathname;

describe('a local store', () => {
  const temp = useTempDir();

  const countUp = (directory: string, times: number): ChildProcess =>
    spawn(process.execPath, [COUNT_UP, directory, 'counter', String(times)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  it('loses no increment of four processes, one of which is killed in the middle', async () => {
    const directory = temp.fresh();
    const store = await openStore(directory);
    await store.put('counter', '0');
    const victim = countUp(directory, 1_000_000);
    const others = [1, 2, 3].map(() => countUp(directory, 40));
    let victimCount = 0;
    victim.stdout!.on('data', (chunk: Buffer) => {
      victimCount += chunk.length;
      if (victimCount >= 25) victim.kill('SIGKILL');
    });
    const ended = await Promise.all([...others, victim].map((child) => once(child, 'close')));
    expect(ended.slice(0, 3).map(([code]) => code)).toEqual([0, 0, 0]);
    const total = Number((await store.get('counter')).body.toString());
    // The victim may have counted once more than it could say.
    expect(total - 120 - victimCount).toBeGreaterThanOrEqual(0);
    expect(total - 120 - victimCount).toBeLessThanOrEqual(1);
  });

  it('takes over from an owner that stalls, and the owner that wakes up finds its right gone', async () => {
    const directory = temp.fresh();
    const privateDir = join(directory, PRIVATE_DIR);
    const target = join(directory, 'object');
    await mkdir(privateDir);
    await writeFile(target, 'old');
    const etag = (await etagOfFile(target))!;

    // The stalled owner: everything done but the last rename.
    const stalled = join(privateDir, 'stalled');
    await writeFile(stalled, 'from the stalled owner');
    const right = `right-00000000-${process.pid}-stalled`;
    await rename(stalled, join(privateDir, right));
    await symlink(right, join(privateDir, `${chainName(target, etag)}.0`));

    const prepared = join(privateDir, 'prepared');
    await writeFile(prepared, 'from the successor');
    expect(await swapFile(prepared, target, etag, privateDir, 50)).toBe('swapped');
    await expect(rename(join(privateDir, right), target)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await swapFile(prepared, target, etag, privateDir, 50)).toBe('lost');
  });

  it('takes over at once from an owner that is dead', async () => {
    const directory = temp.fresh();
    const store = await openStore(directory);
    const { etag } = await store.put('object', 'old');
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'close');
    const privateDir = join(directory, PRIVATE_DIR);
    const chain = chainName(join(directory, 'object'), etag);
    await symlink(`right-${HOST}-${dead.pid}-x`, join(privateDir, `${chain}.0`));
    const startedMs = Date.now();
    await store.put('object', 'new', { ifMatch: etag });
    expect(Date.now() - startedMs).toBeLessThan(1_000);
  });

  it('leaves nothing behind after writes, lost ones included', async () => {
    const directory = temp.fresh();
    const store = await openStore(directory);
    const { etag } = await store.put('a', '1');
    await Promise.allSettled(Array.from({ length: 8 }, (_, n) => store.put('a', `${n}`, { ifMatch: etag })));
    await Promise.allSettled(Array.from({ length: 8 }, (_, n) => store.put('b', `${n}`, { ifAbsent: true })));
    expect(await readdir(join(directory, PRIVATE_DIR))).toEqual([]);
  });

  it('sweeps what a writer left a day ago, and nothing younger', async () => {
    const directory = temp.fresh();
    await openStore(directory);
    const privateDir = join(directory, PRIVATE_DIR);
    await writeFile(join(privateDir, 'put-1-old'), 'x');
    await writeFile(join(privateDir, 'put-1-young'), 'x');
    const yesterday = Date.now() / 1000 - 25 * 3600;
    await utimes(join(privateDir, 'put-1-old'), yesterday, yesterday);
    await openStore(directory);
    expect(await readdir(privateDir)).toEqual(['put-1-young']);
  });

  it('removes folders with their last object', async () => {
    const directory = temp.fresh();
    const store = await openStore(directory);
    await store.put('a/b/c', '1');
    await store.delete('a/b/c');
    expect(await readdir(directory)).toEqual([PRIVATE_DIR]);
  });

  it('lists files that others put there, through links too, and no lake inside', async () => {
    const directory = temp.fresh();
    await mkdir(join(directory, 'drops'));
    await writeFile(join(directory, 'drops', '50%25.csv'), 'x');
    await symlink('50%25.csv', join(directory, 'drops', 'link.csv'));
    await symlink('..', join(directory, 'drops', 'loop'));
    await symlink('nowhere', join(directory, 'drops', 'broken'));
    await openStore(join(directory, 'lake'));
    const store = await openStore(directory, { readOnly: true });
    expect(await listKeys(store, '')).toEqual(['drops/50%25.csv', 'drops/link.csv']);
  });

  it('opened for reading, creates nothing and refuses to write', async () => {
    const directory = join(temp.fresh(), 'not-there');
    const store = await openStore(directory, { readOnly: true });
    expect(await listKeys(store, '')).toEqual([]);
    await expect(store.put('a', '1')).rejects.toMatchObject({ code: 'FL_INTERNAL' });
    await expect(readdir(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a URL of another kind', async () => {
    await expect(openStore('gs://bucket')).rejects.toMatchObject({ code: 'FL_CONFIG_INVALID' });
    await expect(openStore('s3:///no-bucket')).rejects.toMatchObject({ code: 'FL_CONFIG_INVALID' });
  });
});
