/** The digest of a file, also of one that is still being written. */
import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256File, sha256WhileWritten } from '../../lake/sha256.ts';
import { useTempDir } from '../support/temp-dir.ts';

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const tmp = useTempDir();

describe('the digest of a file', () => {
  it('is that of its bytes, of none as of more than a block', async () => {
    for (const length of [0, 1, (1 << 20) + 1]) {
      const bytes = Buffer.alloc(length, 7);
      const path = join(tmp.fresh(), 'file');
      await writeFile(path, bytes);
      expect(await sha256File(path)).toEqual({ sha256: hashOf(bytes), size: length });
    }
  });

  it('is the same when the file is written meanwhile, and begins late and with a single byte', async () => {
    const path = join(tmp.fresh(), 'file');
    const parts = [Buffer.from('a'), Buffer.alloc(3 << 20, 'b'), Buffer.alloc(5, 'c')];
    const write = async () => {
      for (const part of parts) {
        await sleep(120);
        await appendFile(path, part);
      }
    };
    const bytes = Buffer.concat(parts);
    expect(await sha256WhileWritten(path, write())).toEqual({ sha256: hashOf(bytes), size: bytes.length });
  });

  it('fails as the writing does, and without a file', async () => {
    const path = join(tmp.fresh(), 'file');
    const failing = sleep(80).then(() => Promise.reject(new Error('disk full')));
    await expect(sha256WhileWritten(path, failing)).rejects.toThrow('disk full');
    await expect(sha256File(path)).rejects.toThrow('ENOENT');
  });
});
