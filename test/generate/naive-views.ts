/** Rules R3-R11 as plainly as they can be written, for the views that the generator's truth foretells. */
import { EVENT_CODE, type EventName } from '../../tasks/events.ts';
import { type DropRow, eventOf, idOf } from './read-drops.ts';

export interface NaiveView {
  readonly user: string;
  readonly merchant: string;
  readonly day: string;
  /** Null = unmeasured. */
  readonly dwellMs: number | null;
  readonly ended: boolean;
  readonly itemOpens: number;
}

interface Event {
  readonly user: string;
  readonly event: EventName;
  readonly flyer: string;
  readonly merchant: string;
  readonly day: string;
  readonly ms: number;
  readonly seq: number;
}

const TIMEOUT_MS = 1_800_000;

export function naiveViews(rows: readonly DropRow[]): NaiveView[] {
  const byUser = Map.groupBy(
    distinct(fillMerchants(rows.filter((row) => row.fault === undefined).map(toEvent))),
    (e) => e.user,
  );
  return [...byUser.values()].flatMap(viewsOfUser);
}

export function distinct(events: readonly Event[]): Event[] {
  const byIdentity = new Map(events.map((e) => [`${e.ms} ${e.user} ${e.event} ${e.flyer} ${e.merchant}`, e]));
  return [...byIdentity.values()];
}

export function toEvent(row: DropRow): Event {
  return {
    user: row.fields.user_id!,
    event: eventOf(row) as EventName,
    flyer: idOf(row.fields.flyer_id),
    merchant: idOf(row.fields.merchant_id),
    day: row.day!,
    ms: row.instantMs,
    seq: Number(row.fields.seq ?? 0),
  };
}

function fillMerchants(events: readonly Event[]): Event[] {
  const named = new Map<string, Set<string>>();
  for (const { day, flyer, merchant } of events) {
    if (flyer === '' || merchant === '') continue;
    const key = `${day} ${flyer}`;
    named.set(key, (named.get(key) ?? new Set()).add(merchant));
  }
  return events.map((event) => {
    const merchants = named.get(`${event.day} ${event.flyer}`);
    if (event.flyer === '' || event.merchant !== '' || merchants?.size !== 1) return event;
    return { ...event, merchant: [...merchants][0]! };
  });
}

function viewsOfUser(events: readonly Event[]): NaiveView[] {
  const views: NaiveView[] = [];
  let open: { readonly start: Event; lastMs: number; itemOpens: number } | undefined;
  const end = (atMs: number | undefined) => {
    if (open === undefined) return;
    const { start, lastMs, itemOpens } = open;
    const observed = lastMs - start.ms;
    const dwellMs = atMs !== undefined ? atMs - start.ms : observed > 0 ? observed : null;
    views.push({
      user: start.user,
      merchant: start.merchant,
      day: start.day,
      dwellMs,
      ended: atMs !== undefined,
      itemOpens,
    });
    open = undefined;
  };
  const ordered = [...events].sort(
    (a, b) =>
      a.ms - b.ms ||
      a.seq - b.seq ||
      EVENT_CODE[a.event] - EVENT_CODE[b.event] ||
      (a.flyer < b.flyer ? -1 : 1),
  );
  for (const e of ordered) {
    if (open !== undefined && e.ms - open.lastMs > TIMEOUT_MS) end(undefined);
    const isItem = e.event === 'item_open';
    const stays: boolean = open !== undefined && staysIn(open.start, e);
    if (open !== undefined && stays) {
      open.lastMs = e.ms;
      if (isItem && (e.flyer !== '' || e.merchant !== '')) open.itemOpens++;
      continue;
    }
    end(e.ms);
    if ((isItem || e.event === 'flyer_open') && e.flyer !== '')
      open = { start: e, lastMs: e.ms, itemOpens: isItem ? 1 : 0 };
  }
  end(undefined);
  return views;
}

/** Whether an event keeps the view open that `start` began (R6, R7). */
function staysIn(start: Event, e: Event): boolean {
  const same = e.flyer === start.flyer && e.merchant === start.merchant;
  switch (e.event) {
    case 'flyer_open':
      return same;
    case 'item_open':
      return e.flyer === '' ? e.merchant === '' || e.merchant === start.merchant : same;
    case 'favorite':
      return e.merchant === '' || e.merchant === start.merchant;
    case 'flyer_close':
      return e.flyer !== '' && !same;
    default:
      return false;
  }
}
