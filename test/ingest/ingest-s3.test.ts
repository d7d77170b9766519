/** Drops and lake on S3. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openStore } from '../../lake/open-store.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, openDropZone, row } from './drop-zone.ts';

describeWith(s3ServerInstalled.versitygw, 'drops and lake on S3', () => {
  const s3 = useS3Server('versitygw');
  const temp = useTempDir();

  it('are staged, replaced, deleted and split as in directories', async () => {
    const url = `s3://${await s3.createBucket()}`;
    const drops = await openStore(`${url}/drops`, { s3: s3.config });
    const lake = await openStore(`${url}/lake`, { s3: s3.config });
    const zone = await openDropZone(temp.path, { drops, lake });
    try {
      const large = Array.from({ length: 40_000 }, (_, i) =>
        row('2018-10-01T10:00:00-04:00', `user-${i}-${i * 7919}`),
      );
      await zone.put('2018-10-01/large.csv', csv(...large));
      await zone.put('2018-10-01/a.csv.gz', gzipSync(csv(row('2018-10-01T10:00:00-04:00', 'a'), 'garbage')));
      await zone.put(
        '2018-10-01/b.ndjson',
        '{"timestamp":"2018-10-01T10:00:00Z","user_id":"b","event":"checkout"}',
      );
      const { inputs } = await zone.ingest('2018-10-01');
      expect(inputs.rowsRead).toBe(40_003);
      expect(inputs.drops.map(({ key }) => key)).toEqual([
        '2018-10-01/a.csv.gz',
        '2018-10-01/b.ndjson',
        '2018-10-01/large.csv',
      ]);
      expect((await zone.rejects(inputs)).map(({ source, line }) => [source, line])).toEqual([
        ['2018-10-01/a.csv.gz', 3],
      ]);

      await zone.remove('2018-10-01/large.csv');
      await zone.put('2018-10-01/a.csv.gz', gzipSync(csv(row('2018-10-01T10:00:00-04:00', 'new a'))));
      const after = await zone.ingest('2018-10-01');
      expect(after.inputs.rowsRead).toBe(40_002);
      expect(after.inputs.rejected).toEqual([]);
      expect((await zone.ingest('2018-10-01')).inputs).toEqual(after.inputs);
    } finally {
      await zone.close();
    }
  });
});
