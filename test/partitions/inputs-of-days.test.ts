/** What days would be made of now: the same drops that ingest pins and counts, for any drops and parameters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverDrops } from '../../tasks/ingest/pin/cover-drops.ts';
import { pinDay } from '../../tasks/ingest/pin/pin-day.ts';
import type { Drop } from '../../tasks/ingest/read/drops.ts';
import type { DropDay, StageBatch, StagedDrop } from '../../tasks/ingest/stage-batch-doc.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { daysWithRows, inputsOfDays } from '../../tasks/partitions/inputs-of-days.ts';
import { liveDrops } from '../../tasks/partitions/live-drops.ts';
import { daysBetween } from '../../tasks/partitions/partition-facts.ts';

const DAY_MS = 86_400_000;
const FIRST = Date.parse('2018-10-01T00:00:00Z');
const dayAt = (index: number) => new Date(FIRST + index * DAY_MS).toISOString().slice(0, 10);
const PARAMS = { report_tz: 'event', max_future_s: 300 };

/** Rows of a drop on one local day, under any offset of the world. */
const dropDay: fc.Arbitrary<DropDay> = fc
  .record({
    index: fc.integer({ min: 0, max: 12 }),
    rowCount: fc.integer({ min: 0, max: 3 }),
    rejectedCount: fc.integer({ min: 0, max: 2 }),
    at: fc.tuple(fc.integer({ min: 0, max: DAY_MS - 1 }), fc.integer({ min: 0, max: DAY_MS - 1 })),
    offsets: fc.tuple(fc.integer({ min: -14, max: 14 }), fc.integer({ min: -14, max: 14 })),
  })
  .map(({ index, rowCount, rejectedCount, at, offsets }) => {
    const start = FIRST + index * DAY_MS;
    const [minLocalMs, maxLocalMs] = at.map((ms) => start + ms).sort((a, b) => a - b) as [number, number];
    const instants = [minLocalMs + offsets[0] * 3_600_000, maxLocalMs + offsets[1] * 3_600_000];
    const ranges = {
      minLocalMs,
      maxLocalMs,
      minInstantMs: Math.min(...instants),
      maxInstantMs: Math.max(...instants),
    };
    const none = { minLocalMs: null, maxLocalMs: null, minInstantMs: null, maxInstantMs: null };
    return { day: dayAt(index), rowCount, rejectedCount, ...(rowCount > 0 ? ranges : none) };
  });

const drops: fc.Arbitrary<StagedDrop[]> = fc
  .array(fc.uniqueArray(dropDay, { selector: ({ day }) => day, maxLength: 4 }), { maxLength: 12 })
  .map((all) => all.map((days, index) => stagedDrop(`${index % 3}/drop-${index}`, 'v1', days)));

function stagedDrop(key: string, etag: string, days: readonly DropDay[]): StagedDrop {
  const rest = { size: 10, lastModifiedMs: 0, src: `${key}@${etag}`, dropNo: 0, isUnreadable: false };
  return { key, etag, days, ...rest };
}

function batchOf(name: string, staged: readonly StagedDrop[], stagedAtMs = 0): StageBatch {
  const files = staged.flatMap(({ key, days }) =>
    days
      .filter(({ rowCount }) => rowCount > 0)
      .map((rows) => ({ ...rows, key: `${key}-${rows.day}`, bucket: 0, buckets: 1 })),
  );
  const rejected = staged.flatMap(({ key, days }) =>
    days
      .filter(({ rejectedCount }) => rejectedCount > 0)
      .map(({ day, rejectedCount }) => ({ key: `${key}-${day}`, day, rowCount: rejectedCount })),
  );
  const about = { dropsUrl: 'file:///drops', stagingVersion: 's', params: PARAMS, supersedes: [] };
  return { ...about, batch: name, stagedAtMs, drops: staged, files, rejected } as unknown as StageBatch;
}

describe('the inputs of days', () => {
  it('are those that ingest would pin, day by day', () => {
    fc.assert(
      fc.property(
        drops,
        fc.constantFrom(0, 1800, 7 * 86_400),
        fc.constantFrom(0, 7200),
        (staged, timeout, cap) => {
          const params = metricParamsSchema.parse({ inactivity_timeout_s: timeout, max_view_s: cap });
          const batches = staged.map((drop) => batchOf(drop.key, [drop]));
          const inputsOf = inputsOfDays(staged, params);
          for (let index = -2; index < 16; index += 1) {
            const day = dayAt(index);
            const pinned = pinDay({ day, params, codeVersion: 'c', knownAtMs: 0, batches });
            const found = inputsOf(day);
            expect(found.drops.map(({ key }) => key)).toEqual(pinned.drops.map(({ key }) => key));
            expect(found.rowCount).toBe(pinned.rowsRead);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('name each day with rows once', () => {
    const rows = (index: number) => ({ ...fc.sample(dropDay, 1)[0]!, day: dayAt(index) });
    const staged = [stagedDrop('a', '1', [rows(3), rows(0)]), stagedDrop('b', '1', [rows(3)])];
    expect(daysWithRows(staged)).toEqual([dayAt(0), dayAt(3)]);
    expect(daysBetween(dayAt(30), dayAt(32))).toEqual(['2018-10-31', '2018-11-01', '2018-11-02']);
  });
});

describe('the drops that count', () => {
  it('are those that ingest covers, whatever was replaced or deleted', () => {
    const history = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), etag: fc.constantFrom('1', '2', '3') }),
      { maxLength: 9 },
    );
    const listing = fc.uniqueArray(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), etag: fc.constantFrom('1', '2', '3') }),
      { selector: ({ key }) => key },
    );
    fc.assert(
      fc.property(history, listing, (staged, now) => {
        const batches = staged.map(({ key, etag }, index) =>
          batchOf(`${index}`, [stagedDrop(key, etag, [])], index),
        );
        const listed = now.map(({ key, etag }) => ({ key, etag, size: 10, src: `${key}@${etag}` }));
        const covered = coverDrops(batches, listed as unknown as Drop[], { params: PARAMS });
        const live = liveDrops(batches, listed, PARAMS);
        const wanted = [...covered.whole, ...covered.partial].flatMap((some) => some.drops);
        expect(live.parsed.map(({ src }) => src).sort()).toEqual(wanted.map(({ src }) => src).sort());
        expect([...live.unreadElsewhere].sort()).toEqual(covered.missing.map(({ key }) => key).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('that nobody has parsed are told by the day that their key names', () => {
    const listed = [
      { key: '2018-10-01/late.csv', etag: '1', size: 1 },
      { key: 'odd.csv', etag: '1', size: 1 },
    ];
    const live = liveDrops([], listed, PARAMS);
    expect([...live.unreadOfDay]).toEqual([['2018-10-01', ['2018-10-01/late.csv']]]);
    expect(live.unreadElsewhere).toEqual(['odd.csv']);
  });
});
