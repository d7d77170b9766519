/** The probe lets pass what keeps conditions, and refuses by name what does not. */
import { describe, expect, it } from 'vitest';
import { openStore } from '../../lake/open-store.ts';
import { probeStore } from '../../lake/probe.ts';
import { startCarelessS3 } from '../support/careless-s3.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

describe('probe', () => {
  const temp = useTempDir();

  it('passes a local directory and leaves nothing in it', async () => {
    const store = await openStore(temp.fresh());
    await probeStore(store);
    expect(await listKeys(store, '')).toEqual([]);
  });

  it('refuses a store that ignores conditions, and names it', async () => {
    const careless = await startCarelessS3();
    process.env.AWS_ACCESS_KEY_ID ??= 'any';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'any';
    const store = await openStore('s3://bucket/careless', { s3: { endpoint: careless.endpoint } });
    await expect(probeStore(store)).rejects.toMatchObject({
      code: 'FL_STORE_UNFIT',
      retryable: false,
      message: expect.stringContaining('s3://bucket/careless'),
    });
    await store.close();
    await careless.close();
  });
});

for (const kind of ['versitygw', 'moto'] as const) {
  describeWith(s3ServerInstalled[kind], `probe on ${kind}`, () => {
    const server = useS3Server(kind);
    it('passes', async () => {
      const store = await openStore(`s3://${await server.createBucket()}`, { s3: server.config });
      await probeStore(store);
      expect(await listKeys(store, '')).toEqual([]);
      await store.close();
    });
  });
}
