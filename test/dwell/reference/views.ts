/** The definition read aloud, second half: from a user's events to their views (R6-R11). Slow and obvious. */
import type { MetricParams } from '../../../tasks/metric-params.ts';
import type { Horizon, KeptEvent } from './events.ts';

/** Times in ms; null: unknown. */
export interface ReferenceView {
  readonly user: string;
  readonly flyer: string;
  readonly merchant: string;
  readonly origin: string;
  readonly startMs: number;
  readonly lastMs: number;
  readonly events: number;
  readonly itemOpens: number;
  readonly reopens: number;
  readonly end: string;
  readonly observedMs: number;
  readonly tailMs: number | null;
  readonly dwellMs: number | null;
  readonly maxGapMs: number;
  readonly capped: boolean;
}

export interface DayViews {
  /** Of the day, in the order of users and starts. */
  readonly views: readonly ReferenceView[];
  readonly dq: Readonly<Record<string, number>>;
}

/** A view that is still open: its events so far. The first is the one that placed the user on the flyer. */
interface OpenView {
  readonly inView: KeptEvent[];
  itemOpens: number;
  reopens: number;
}

export function viewsOf(day: string, horizon: Horizon, params: MetricParams): DayViews {
  const views: ReferenceView[] = [];
  const dq: Record<string, number> = {
    flyer_close_unmatched: 0,
    item_open_no_flyer_outside_view: 0,
    item_open_no_flyer_kept_in_view: 0,
    item_open_no_flyer_ended_view: 0,
  };
  const users = new Set(horizon.events.map(({ user }) => user));
  for (const user of users) {
    let open: OpenView | undefined;
    let before: KeptEvent | undefined;
    const end = (reason: string, endMs: number | null) => {
      if (open !== undefined && open.inView[0]!.day === day) views.push(finish(open, reason, endMs, params));
      open = undefined;
    };
    for (const event of horizon.events.filter((other) => other.user === user)) {
      const count = (name: string) => {
        if (event.day === day) dq[name]! += 1;
      };
      // R8
      if (before && event.instantMs - before.instantMs > params.inactivity_timeout_s * 1000)
        end('timeout', null);
      before = event;
      const isOpen = event.event === 'flyer_open' || event.event === 'item_open';
      const isOfOpenFlyer =
        open !== undefined &&
        open.inView[0]!.flyer === event.flyer &&
        open.inView[0]!.merchant === event.merchant;
      const isOfOpenMerchant = open !== undefined && open.inView[0]!.merchant === event.merchant;

      if (isOpen && event.flyer !== '') {
        // R6
        if (open !== undefined && isOfOpenFlyer) {
          open.inView.push(event);
          if (event.event === 'item_open') open.itemOpens += 1;
          else open.reopens += 1;
        } else {
          end('switch', event.instantMs);
          open = { inView: [event], itemOpens: event.event === 'item_open' ? 1 : 0, reopens: 0 };
        }
      } else if (event.event === 'item_open') {
        // R7, an item of an unknown flyer
        if (open === undefined) count('item_open_no_flyer_outside_view');
        else if (event.merchant === '' || isOfOpenMerchant) {
          open.inView.push(event);
          if (event.merchant !== '') open.itemOpens += 1;
          count('item_open_no_flyer_kept_in_view');
        } else {
          end('leave', event.instantMs);
          count('item_open_no_flyer_ended_view');
        }
      } else if (event.event === 'favorite' && (event.merchant === '' || isOfOpenMerchant)) {
        open?.inView.push(event);
      } else if (event.event === 'flyer_close') {
        if (open === undefined) count('flyer_close_unmatched');
        else if (event.flyer === '' || isOfOpenFlyer) end('close', event.instantMs);
        else {
          open.inView.push(event);
          count('flyer_close_unmatched');
        }
      } else {
        // list_flyers, shopping_list_open, checkout, flyer_open of an unknown flyer, favorite of another merchant
        end('leave', event.instantMs);
      }
    }
    if (before && horizon.asOfMs - before.instantMs <= params.inactivity_timeout_s * 1000)
      end('end_of_data', null);
    else end('timeout', null);
  }
  return { views, dq };
}

/** R9 and R10. `endMs` is null when the view is censored. */
function finish(open: OpenView, reason: string, endMs: number | null, params: MetricParams): ReferenceView {
  const first = open.inView[0]!;
  const last = open.inView.at(-1)!;
  const observedMs = last.instantMs - first.instantMs;
  const tailMs = endMs === null ? null : endMs - last.instantMs;
  const gaps = open.inView.slice(1).map((event, index) => event.instantMs - open.inView[index]!.instantMs);
  let dwellMs: number | null;
  if (tailMs !== null) dwellMs = observedMs + tailMs;
  else if (params.censored_mode === 'credit') dwellMs = observedMs + params.censored_credit_s * 1000;
  else dwellMs = observedMs > 0 ? observedMs : null;
  const capMs = params.max_view_s * 1000;
  return {
    user: first.user,
    flyer: first.flyer,
    merchant: first.merchant,
    origin: first.event,
    startMs: first.instantMs,
    lastMs: last.instantMs,
    events: open.inView.length,
    itemOpens: open.itemOpens,
    reopens: open.reopens,
    end: reason,
    observedMs,
    tailMs,
    dwellMs: dwellMs === null ? null : Math.min(dwellMs, capMs),
    maxGapMs: Math.max(0, ...gaps, tailMs ?? 0),
    capped: dwellMs !== null && dwellMs > capMs,
  };
}
