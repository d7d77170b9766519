/** A tracing twin of the batch: one user's events through the same state machine, its state before and after each written down. */
import { createMeasure, measureView } from '../dwell/measure-view.ts';
import type { UserView } from '../dwell/user-view.ts';
import { advance, createUserView, EFFECT, END_REASONS, type End, endOfEvents } from '../dwell/user-view.ts';
import type { ViewRules } from '../dwell/view-rules.ts';
import { EVENT_CODE, EVENT_NAMES, type EventName } from '../events.ts';
import type { Flyer, UserEvent } from './user-event.ts';

/** A view as it was when it ended; times in ms. */
export interface TracedView extends Flyer {
  /** Number among the views of the day; null for a view of another day. */
  readonly viewNo: number | null;
  readonly origin: EventName;
  readonly start: UserEvent;
  /** Its last event. */
  readonly last: UserEvent;
  readonly reason: (typeof END_REASONS)[number];
  readonly events: number;
  readonly itemOpens: number;
  readonly reopens: number;
  readonly observedMs: number;
  /** Null: censored. */
  readonly tailMs: number | null;
  /** Null: unmeasured. */
  readonly dwellMs: number | null;
  readonly capped: boolean;
  readonly maxGapMs: number;
}

export type EffectName = keyof typeof EFFECT;

export interface TraceStep {
  readonly event: UserEvent;
  /** Of the event; a view that had timed out before it is in `ended`. */
  readonly effect: EffectName;
  readonly ended: TracedView | undefined;
  /** The flyer that is open before and after the event. */
  readonly before: Flyer | undefined;
  readonly after: Flyer | undefined;
  /** Number of the view that the event starts, among those of the day. */
  readonly startsViewNo: number | undefined;
}

export interface UserTrace {
  readonly steps: readonly TraceStep[];
  /** The view that was open after the last event. */
  readonly atEnd: TracedView | undefined;
}

const EFFECT_NAME = new Map(Object.entries(EFFECT).map(([name, code]) => [code, name as EffectName]));

/** Events in the order of the rules; `asOfMs` is the latest event of the run (R12), epoch ms. */
export function traceUser(events: readonly UserEvent[], rules: ViewRules, asOfMs: number): UserTrace {
  const view = createUserView();
  const ids = numberIds(events);
  let viewNo = 0;
  let start: UserEvent;
  let last: UserEvent;
  let ended: TracedView | undefined;

  const onEnd = (of: UserView, end: End, endMs: number) => {
    const measure = createMeasure();
    measureView(measure, of, rules, end, endMs);
    const { events: count, itemOpens, reopens } = of;
    ended = {
      ...ids.flyers[of.flyer]!,
      ...{ viewNo: of.day === 0 ? viewNo : null, origin: EVENT_NAMES[of.origin]!, start, last },
      ...{ reason: END_REASONS[end], events: count, itemOpens, reopens },
      ...{ observedMs: measure.observedMs, tailMs: known(measure.tailMs), dwellMs: known(measure.dwellMs) },
      ...{ capped: measure.capped, maxGapMs: measure.maxGapMs },
    };
  };
  const open = () => (view.open ? ids.flyers[view.flyer] : undefined);

  const steps = events.map((event, index): TraceStep => {
    const before = open();
    const { flyer, merchant } = ids.of[index]!;
    ended = undefined;
    const code = advance(
      view,
      rules,
      onEnd,
      EVENT_CODE[event.event],
      event.instantMs,
      event.dayNo,
      flyer,
      merchant,
    );
    const effect = EFFECT_NAME.get(code)!;
    const starts = effect === 'start' || effect === 'switch';
    if (starts) start = event;
    if (starts && event.dayNo === 0) viewNo += 1;
    if (view.open) last = event;
    return {
      ...{ event, effect, ended, before, after: open() },
      startsViewNo: starts && event.dayNo === 0 ? viewNo : undefined,
    };
  });
  ended = undefined;
  endOfEvents(view, rules, onEnd, asOfMs);
  return { steps, atEnd: ended };
}

const known = (ms: number) => (ms < 0 ? null : ms);

/** The rules compare numbers: flyers by flyer and merchant together (R3), -1 is unknown. */
function numberIds(events: readonly UserEvent[]) {
  const flyers: Flyer[] = [];
  const flyerNos = new Map<string, number>();
  const merchantNos = new Map<string, number>();
  const of = events.map(({ flyerId, merchantId }) => {
    const merchant = merchantId === null ? -1 : numberOf(merchantNos, merchantId);
    if (flyerId === null) return { flyer: -1, merchant };
    const flyer = numberOf(flyerNos, JSON.stringify([flyerId, merchantId]));
    flyers[flyer] ??= { flyerId, merchantId };
    return { flyer, merchant };
  });
  return { flyers, of };
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const found = numbers.get(text) ?? numbers.size;
  numbers.set(text, found);
  return found;
}
