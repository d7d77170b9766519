/** The tracing twin and the batch agree, whatever the events. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explainUsers } from '../support/explain-user.ts';
import { publishDays } from '../support/publish-days.ts';
import { DAY, randomDay } from '../support/random-streams.ts';
import { useTempDir } from '../support/temp-dir.ts';

const RUNS = 4;

const dir = useTempDir();

it('explains exactly the published views of random users, over midnight too', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(randomDay({ min: 10, max: 20 }), async ({ rows, params }) => {
      const lake = join(dir.fresh(), 'lake');
      await publishDays(lake, rows, { params });
      const users = [...new Set(rows.map(({ user }) => user.trim()).filter((user) => user !== ''))];
      const explained = await explainUsers(lake, users, DAY, dir.fresh());
      expect(explained.filter(({ agrees }) => !agrees).map(({ user }) => user)).toEqual([]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
