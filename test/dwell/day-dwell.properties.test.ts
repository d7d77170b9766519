/** The state machine alone, on thousands of random streams: its views are those of the definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDayDwell } from '../../tasks/dwell/day-dwell.ts';
import type { UserFact } from '../../tasks/dwell/user-facts.ts';
import { END_REASONS } from '../../tasks/dwell/user-view.ts';
import { viewRulesOf } from '../../tasks/dwell/view-rules.ts';
import { EVENT_CODE, EVENT_NAMES, type EventName } from '../../tasks/events.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { DAY, randomDay } from '../support/random-streams.ts';
import { type Horizon, horizonOf } from './reference/events.ts';
import { quantile } from './reference/tables.ts';
import { viewsOf } from './reference/views.ts';

const RUNS = Number(process.env.FLYERLINE_PROPERTY_RUNS ?? 15) * 150;
const DAY_START_MS = Date.parse(`${DAY}T00:00:00Z`);
const DAY_MS = 86_400_000;

interface Outcome {
  readonly views: object[];
  readonly users: UserFact[];
  readonly dq: object;
}

describe('the rules as a state machine over columns', () => {
  it('make the views of the definition, however the columns are cut into chunks', () => {
    fc.assert(
      fc.property(randomDay({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 }), (random, chunkRows) => {
        const params = metricParamsSchema.parse(random.params);
        const horizon = horizonOf(DAY, random.rows, params);
        const expected = viewsOf(DAY, horizon, params);
        const found = run(horizon, params, chunkRows);
        expect(found.views).toEqual(expected.views);
        expect(found.dq).toEqual(expected.dq);
        expect(found.users.map(({ views, medianFlyerMs }) => ({ views, medianFlyerMs }))).toEqual(
          usersOf(expected.views),
        );
      }),
      { numRuns: RUNS },
    );
  });
});

function run(
  { events, asOfMs }: Horizon,
  params: ReturnType<typeof metricParamsSchema.parse>,
  chunkRows: number,
): Outcome {
  const users = [...new Set(events.map(({ user }) => user))];
  const flyerKey = (event: { flyer: string; merchant: string }) =>
    JSON.stringify([event.flyer, event.merchant]);
  const places = [...new Set(events.map(flyerKey))].map((key) => JSON.parse(key) as [string, string]);
  const placeNo = new Map(places.map((place, index) => [JSON.stringify(place), index]));
  const merchants = [...new Set(places.map(([, merchant]) => merchant))];
  const outcome = { views: [] as object[], users: [] as UserFact[] };
  const dwell = createDayDwell(
    viewRulesOf(params),
    {
      flyerNo: Int32Array.from(places, ([flyer], index) => (flyer === '' ? -1 : index)),
      merchantNo: Int32Array.from(places, ([, merchant]) =>
        merchant === '' ? -1 : merchants.indexOf(merchant),
      ),
    },
    asOfMs - DAY_START_MS,
    {
      view(userNo, _viewNo, view, measure, end) {
        outcome.views.push({
          user: users[userNo],
          flyer: places[view.flyer]![0],
          merchant: places[view.flyer]![1],
          origin: EVENT_NAMES[view.origin],
          startMs: view.startMs + DAY_START_MS,
          lastMs: view.lastMs + DAY_START_MS,
          events: view.events,
          itemOpens: view.itemOpens,
          reopens: view.reopens,
          end: END_REASONS[end],
          observedMs: measure.observedMs,
          tailMs: measure.tailMs < 0 ? null : measure.tailMs,
          dwellMs: measure.dwellMs < 0 ? null : measure.dwellMs,
          maxGapMs: measure.maxGapMs,
          capped: measure.capped,
        });
      },
      flyer() {},
      user(_userNo, fact) {
        outcome.users.push({ ...fact });
      },
    },
  );
  for (let from = 0; from < events.length; from += chunkRows) {
    const chunk = events.slice(from, from + chunkRows);
    dwell.feed({
      rowCount: chunk.length,
      userNo: Int32Array.from(chunk, ({ user }) => users.indexOf(user)),
      relMs: Int32Array.from(chunk, ({ instantMs }) => instantMs - DAY_START_MS),
      dayNo: Int8Array.from(chunk, ({ localMs }) => Math.floor((localMs - DAY_START_MS) / DAY_MS)),
      code: Uint8Array.from(chunk, ({ event }) => EVENT_CODE[event as EventName]),
      placeNo: Int32Array.from(chunk, (event) => placeNo.get(flyerKey(event))!),
    });
  }
  return { ...outcome, dq: dwell.finish() };
}

/** Views and the median over flyers, per user with a view. */
function usersOf(views: ReturnType<typeof viewsOf>['views']): object[] {
  return [...new Set(views.map(({ user }) => user))].map((user) => {
    const own = views.filter((view) => view.user === user);
    const dwellMs = new Map<string, number>();
    for (const { flyer, merchant, dwellMs: ms } of own) {
      const key = JSON.stringify([flyer, merchant]);
      if (ms !== null) dwellMs.set(key, (dwellMs.get(key) ?? 0) + ms);
    }
    return { views: own.length, medianFlyerMs: quantile([...dwellMs.values()], 0.5) ?? -1 };
  });
}
