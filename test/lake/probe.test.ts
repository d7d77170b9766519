/** The probe lets pass what keeps conditions, and refuses by name what does not. */
import { describe, expect, it } from 'vitest';
import { openStore } from '../../lake/open-store.ts';
import { probeStore } from '../../lake/probe.ts';
import { startCarelessS3 } from '../support/careless-s3.ts';
import { flyerline } from '../support/flyerline.ts';
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

  it.each([
    ['ignores all conditions', 'of 16 writers racing with put-if-absent, 16 were told that they won'],
    ['ignores If-None-Match', 'of 16 writers racing with put-if-absent, 16 were told that they won'],
    ['ignores If-Match', 'of 16 writers racing with if-match, 16 were told that they won'],
    ['forgets races', 'writers racing with put-if-absent'],
  ] as const)('refuses a store that %s, names it, and says what it did', async (carelessness, violation) => {
    const careless = await startCarelessS3(carelessness);
    process.env.AWS_ACCESS_KEY_ID ??= 'any';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'any';
    const store = await openStore('s3://bucket/careless', { s3: { endpoint: careless.endpoint } });
    const error = await probeStore(store).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'FL_STORE_UNFIT', retryable: false });
    expect((error as Error).message).toContain('s3://bucket/careless');
    expect((error as Error).message).toContain(violation);
    await store.close();
    await careless.close();
  });

  it('is the first thing a run does on a store: nothing is written where conditions are ignored', async () => {
    const careless = await startCarelessS3('ignores all conditions');
    const env = {
      FLYERLINE_S3_ENDPOINT: careless.endpoint,
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
    };
    const day = ['--date', '2018-10-01', '--drops', temp.fresh()];
    const { exitCode, stderr } = await flyerline(
      ['run', 'nightly', ...day, '--lake', 's3://bucket/careless'],
      {
        env,
      },
    );
    expect(careless.keys()).toEqual([]);
    await careless.close();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('FL_STORE_UNFIT');
    expect(stderr).toContain('s3://bucket/careless');
  });
});

for (const kind of ['versitygw', 'ministack', 'moto'] as const) {
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
