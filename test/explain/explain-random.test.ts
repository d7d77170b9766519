/** The tracing twin and the batch agree, whatever the events. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explainUsers } from '../support/explain-user.ts';
import { publishDays } from '../support/publish-days.ts';
import { DAY, randomDay } from '../support/random-streams.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const RUNS = 4;

const dir = useTempDir();

it('explains exactly the published views of random users, over midnight too', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(randomDay({ min: 10, max: 20 }), async ({ rows, params }) => {
      const lake = join(dir.fresh(), 'lake');
      await publishDays(lake, rows.map(withIdOfItsDay), { params });
      const users = [...new Set(rows.map(({ user }) => user.trim()).filter((user) => user !== ''))];
      const explained = await explainUsers(lake, users, DAY, dir.fresh());
      expect(explained.filter(({ agrees }) => !agrees).map(({ user }) => user)).toEqual([]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

/** Which of two days' events with one id counts in a day around them is a matter of that day's horizon, which an explanation does not see. */
function withIdOfItsDay(row: RawRow): RawRow {
  if (row.eventId === undefined) return row;
  return { ...row, eventId: `${row.timestamp.slice(0, 10)} ${row.eventId}` };
}
