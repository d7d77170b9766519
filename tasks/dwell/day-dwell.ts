/** Batch: columns of a day's events, users one after another, through the rules (R6-R14); views and facts come out. */
import { EVENT_CODE } from '../events.ts';
import { createMeasure, measureView, type ViewMeasure } from './measure-view.ts';
import { type FlyerFact, type UserFact, UserFacts } from './user-facts.ts';
import { advance, createUserView, EFFECT, type End, endOfEvents, type UserView } from './user-view.ts';
import type { ViewRules } from './view-rules.ts';

/** Events ordered by user, then as R5 says. Instants are ms from the day's start in UTC. */
export interface EventColumns {
  readonly rowCount: number;
  readonly userNo: Int32Array;
  readonly relMs: Int32Array;
  /** Local day of the event minus the day that is computed. */
  readonly dayNo: Int8Array;
  readonly code: Uint8Array;
  readonly placeNo: Int32Array;
}

/** What the ids of an event say, by place number: numbers of the flyer's identity and of the merchant, -1 = unknown. */
export interface Places {
  readonly flyerNo: Int32Array;
  readonly merchantNo: Int32Array;
}

/** What comes out. The objects are reused: take their values at once. */
export interface DwellSink {
  view(userNo: number, viewNo: number, view: UserView, measure: ViewMeasure, end: End): void;
  flyer(userNo: number, fact: FlyerFact): void;
  user(userNo: number, fact: UserFact): void;
}

/** Counters of the data-quality table, over the day's own events. */
export interface DwellTally {
  flyer_close_unmatched: number;
  item_open_no_flyer_outside_view: number;
  item_open_no_flyer_kept_in_view: number;
  item_open_no_flyer_ended_view: number;
}

export interface DayDwell {
  feed(events: EventColumns): void;
  /** After the last event. */
  finish(): DwellTally;
}

const { flyer_close: CLOSE, item_open: ITEM } = EVENT_CODE;

/** `asOfMs`: the latest event of the run, over all users and buckets, ms from the day's start in UTC (R12). */
export function createDayDwell(rules: ViewRules, places: Places, asOfMs: number, sink: DwellSink): DayDwell {
  const open = createUserView();
  const measure = createMeasure();
  const facts = new UserFacts();
  const tally: DwellTally = {
    flyer_close_unmatched: 0,
    item_open_no_flyer_outside_view: 0,
    item_open_no_flyer_kept_in_view: 0,
    item_open_no_flyer_ended_view: 0,
  };
  let userNo = -1;
  let viewNo = 0;

  function viewEnded(view: UserView, end: End, endMs: number): void {
    // A view belongs to the day of its start, whole (R11); the neighbours' views are their days' business.
    if (view.day !== 0) return;
    measureView(measure, view, rules, end, endMs);
    const { dwellMs } = measure;
    facts.addView(
      view.flyer,
      view.startMs,
      dwellMs,
      view.itemOpens,
      dwellMs >= 0 && dwellMs < rules.bounceMs,
    );
    viewNo += 1;
    sink.view(userNo, viewNo, view, measure, end);
  }

  const onFlyer = (fact: FlyerFact) => sink.flyer(userNo, fact);
  const onUser = (fact: UserFact) => sink.user(userNo, fact);

  function endOfUser(): void {
    endOfEvents(open, rules, viewEnded, asOfMs);
    facts.endOfUser(onFlyer, onUser);
    viewNo = 0;
  }

  return {
    feed({ rowCount, userNo: users, relMs, dayNo, code: codes, placeNo }) {
      for (let i = 0; i < rowCount; i++) {
        if (users[i]! !== userNo) {
          endOfUser();
          userNo = users[i]!;
        }
        const place = placeNo[i]!;
        const code = codes[i]!;
        const day = dayNo[i]!;
        const flyer = places.flyerNo[place]!;
        const effect = advance(
          open,
          rules,
          viewEnded,
          code,
          relMs[i]!,
          day,
          flyer,
          places.merchantNo[place]!,
        );
        if (day !== 0) continue;
        if (code === CLOSE) {
          if (effect !== EFFECT.close) tally.flyer_close_unmatched += 1;
        } else if (code === ITEM && flyer < 0) {
          if (effect === EFFECT.none) tally.item_open_no_flyer_outside_view += 1;
          else if (effect === EFFECT.leave) tally.item_open_no_flyer_ended_view += 1;
          else tally.item_open_no_flyer_kept_in_view += 1;
        }
      }
    },
    finish() {
      endOfUser();
      return tally;
    },
  };
}
