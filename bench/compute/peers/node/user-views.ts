/** The views of one user (rules R4 to R11), read off the rules one by one. */
import type { PeerJob } from '../job.ts';
import type { Event } from './read-events.ts';

export interface View {
  userId: string;
  merchantId: string;
  flyerId: string;
  origin: string;
  localMs: number;
  startMs: number;
  lastMs: number;
  events: number;
  itemOpens: number;
  reopens: number;
  maxGapMs: number;
  endReason: 'close' | 'switch' | 'leave' | 'timeout' | 'end_of_data' | undefined;
  tailMs: number | undefined;
  dwellMs: number | undefined;
  isCapped: boolean;
}

const CLOSE = 0;
const FLYER_OPEN = 2;
const ITEM_OPEN = 3;
const FAVORITE = 4;

/** Sorts `events` and drops duplicates, in place. */
export function putInOrder(events: Event[]): void {
  events.sort(
    (a, b) =>
      a.instantMs - b.instantMs ||
      a.rank - b.rank ||
      compareText(a.flyerId, b.flyerId) ||
      compareText(a.merchantId, b.merchantId) ||
      a.localMs - b.localMs,
  );
  let kept = 0;
  for (const event of events) {
    const before = events[kept - 1];
    if (kept > 0 && isSame(before!, event)) continue;
    events[kept++] = event;
  }
  events.length = kept;
}

/** Of events in order, each once. */
export function viewsOf(events: readonly Event[], asOfMs: number, { rules }: PeerJob): View[] {
  const timeoutMs = rules.inactivity_timeout_s * 1000;
  const maxViewMs = rules.max_view_s * 1000;
  const views: View[] = [];
  let open: View | undefined;

  for (const event of events) {
    if (open !== undefined && event.instantMs - open.lastMs > timeoutMs) end('timeout');
    const isPlacement = (event.rank === FLYER_OPEN || event.rank === ITEM_OPEN) && event.flyerId !== '';
    if (isPlacement) {
      if (open !== undefined && isOn(open, event)) {
        stay(open, event);
        if (event.rank === ITEM_OPEN) open.itemOpens++;
        else open.reopens++;
      } else {
        end('switch', event);
        open = start(event);
      }
    } else if (open !== undefined) {
      handle(open, event);
    }
  }
  const last = events.at(-1);
  if (last !== undefined) end(asOfMs - last.instantMs <= timeoutMs ? 'end_of_data' : 'timeout');
  return views;

  function handle(view: View, event: Event): void {
    const isMerchantKept = event.merchantId === '' || event.merchantId === view.merchantId;
    if (event.rank === CLOSE) {
      if (event.flyerId === '' || isOn(view, event)) end('close', event);
      else stay(view, event);
    } else if (event.rank === FAVORITE && isMerchantKept) {
      stay(view, event);
    } else if (event.rank === ITEM_OPEN && isMerchantKept) {
      stay(view, event);
      if (event.merchantId !== '') view.itemOpens++;
    } else {
      end('leave', event);
    }
  }

  /** Without an ending event the view is censored. */
  function end(reason: NonNullable<View['endReason']>, event?: Event): void {
    if (open === undefined) return;
    const observedMs = open.lastMs - open.startMs;
    open.endReason = reason;
    if (event !== undefined) {
      open.tailMs = event.instantMs - open.lastMs;
      open.maxGapMs = Math.max(open.maxGapMs, open.tailMs);
    }
    if (event !== undefined || observedMs > 0) {
      const fullMs = observedMs + (open.tailMs ?? 0);
      open.isCapped = fullMs > maxViewMs;
      open.dwellMs = Math.min(fullMs, maxViewMs);
    }
    views.push(open);
    open = undefined;
  }
}

function start(event: Event): View {
  return {
    userId: event.userId,
    merchantId: event.merchantId,
    flyerId: event.flyerId,
    origin: event.rank === FLYER_OPEN ? 'flyer_open' : 'item_open',
    localMs: event.localMs,
    startMs: event.instantMs,
    lastMs: event.instantMs,
    events: 1,
    itemOpens: event.rank === ITEM_OPEN ? 1 : 0,
    reopens: 0,
    maxGapMs: 0,
    endReason: undefined,
    tailMs: undefined,
    dwellMs: undefined,
    isCapped: false,
  };
}

function stay(view: View, event: Event): void {
  view.maxGapMs = Math.max(view.maxGapMs, event.instantMs - view.lastMs);
  view.lastMs = event.instantMs;
  view.events++;
}

function isOn(view: View, event: Event): boolean {
  return event.flyerId === view.flyerId && event.merchantId === view.merchantId;
}

function isSame(a: Event, b: Event): boolean {
  return (
    a.instantMs === b.instantMs &&
    a.rank === b.rank &&
    a.flyerId === b.flyerId &&
    a.merchantId === b.merchantId
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
