/** A digest from a thread of its own is the digest, and its failures are told. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestAside } from '../../lake/digest-aside.ts';
import { writeParquet } from '../../lake/duckdb.ts';
import { digestParquet } from '../../lake/parquet-digest.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleQuery } from './sample-publish.ts';

describe('digestAside', () => {
  const lake = useSampleLake();

  it('gives the same digest in a thread as without one', async () => {
    const path = join(lake.freshDir(), 'file.parquet');
    await writeParquet(lake.duck, { query: sampleQuery('2018-10-01', 5_000), path });
    const digest = await digestParquet(path);
    expect(digest.rowCount).toBe(5_000);
    expect(await digestAside(path, 1)).toEqual(digest);
    expect(await digestAside(path)).toEqual(digest);
  });

  it('says why a file cannot be read', async () => {
    const path = join(lake.freshDir(), 'file.parquet');
    await writeFile(path, 'PAR1 no Parquet PAR1');
    const message = await digestParquet(path).catch((error: Error) => error.message);
    expect(message).toEqual(expect.any(String));
    await expect(digestAside(path, 1)).rejects.toThrow(String(message));
  });
});
