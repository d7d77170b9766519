/** The large export of `bench lake`, with a partition that is small: what is measured works, and is bounded by the disk. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureExport } from '../../bench/lake/large-export.ts';
import { findPython } from '../../cli/test/python.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('the large export', () => {
  const temp = useTempDir();
  const options = async (rowCount: number) => {
    const scratchDir = join(temp.fresh(), 'scratch');
    await mkdir(scratchDir);
    const directory = join(scratchDir, '../lake');
    const { signal } = new AbortController();
    return { directory, scratchDir, rowCount, memoryLimitBytes: 2 ** 28, signal };
  };

  it('is measured in several buckets, beside deltalake writing the same', async () => {
    // About 22 MB: files that large are read back in a thread of their own.
    const result = await measureExport({ ...(await options(500_000)), bucketRows: 490_000 });
    expect(result.rowCount).toBe(500_000);
    // What the check of the disk counts on.
    expect(result.dataBytes / result.rowCount).toBeGreaterThan(40);
    expect(result.dataBytes / result.rowCount).toBeLessThan(50);
    expect(result.parquetMs).toBeGreaterThan(0);
    expect(result.csvMs).toBeGreaterThan(0);
    if ((await findPython()) !== undefined)
      expect(result.deltalake).toMatchObject({ wallMs: expect.any(Number) });
  }, 180_000);

  it('is refused before anything is written when the disk is too small', async () => {
    await expect(measureExport(await options(1e12))).rejects.toMatchObject({
      code: 'FL_USAGE',
      reason: expect.stringContaining('left'),
    });
  });
});
