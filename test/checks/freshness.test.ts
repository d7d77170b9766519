/** Freshness: silence before the end of the day, and drops that were all delivered before it. */
import { describe, expect, it } from 'vitest';
import type { DayFacts } from '../../tasks/checks/day-facts.ts';
import { deliveredAfterTheEnd, eventsUntilTheEnd } from '../../tasks/checks/freshness.ts';

const DAY = '2018-10-01';
const HOUR_MS = 3_600_000;
/** Four hours behind UTC, as in Toronto in October. */
const OFFSET_MS = -4 * HOUR_MS;

/** Local times, in hours from the day's midnight. */
function facts(lastEventHour: number | undefined, ...deliveredHours: readonly number[]): DayFacts {
  const localMs = (hour: number) => Date.parse(`${DAY}T00:00:00Z`) + hour * HOUR_MS;
  const file = (day: string, hour: number) => ({
    ...{ day, rowCount: 1, maxLocalMs: localMs(hour), maxInstantMs: localMs(hour) - OFFSET_MS },
  });
  const files = lastEventHour === undefined ? [] : [file(DAY, lastEventHour), file(DAY, 1)];
  return {
    day: DAY,
    inputs: { files: [...files, file('2018-10-02', 30)] },
    drops: deliveredHours.map((hour) => ({ key: `at-${hour}.csv`, deliveredMs: localMs(hour) - OFFSET_MS })),
  } as unknown as DayFacts;
}

describe('events until the end of the day', () => {
  it.each([
    [23.5, 0.5, true],
    [21, 3, true],
    [20.75, 3.25, false],
  ])('last event at %d h', (hour, observed, isGood) => {
    expect(eventsUntilTheEnd(facts(hour), 3)).toMatchObject({ observed, isGood });
  });

  it('are told of a day without any, neighbours notwithstanding', () => {
    expect(eventsUntilTheEnd(facts(undefined), 3)).toMatchObject({ observed: null, isGood: false });
  });
});

describe('drops after the end of the day', () => {
  it.each([
    ['the last after it', [3, 25], -1, true],
    ['all before it', [3, 22], 2, false],
  ] as const)('%s', (_, delivered, observed, isGood) => {
    expect(deliveredAfterTheEnd(facts(21, ...delivered), 0)).toMatchObject({ observed, isGood });
  });

  it('may be asked for less strictly', () => {
    expect(deliveredAfterTheEnd(facts(21, 22), 2).isGood).toBe(true);
  });
});
