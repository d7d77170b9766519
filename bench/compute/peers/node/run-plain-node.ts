/** The day as one would first write it in Node: csv-parse, objects, a Map of users, rows out one by one. */
import { join } from 'node:path';
import type { PeerJob, PeerReport } from '../job.ts';
import { type Fact, flyerFacts, isSuspect, quantile, sum } from './facts.ts';
import { MERCHANT_COLUMNS, Merchants } from './merchants.ts';
import { type Event, readEvents } from './read-events.ts';
import { type Columns, TableFile } from './table-file.ts';
import { putInOrder, type View, viewsOf } from './user-views.ts';

const DAY_MS = 86_400_000;

const VIEW_COLUMNS: Columns = {
  user_id: 'UTF8',
  day: 'DATE',
  merchant_id: 'UTF8',
  flyer_id: 'UTF8',
  origin: 'UTF8',
  start_ts: 'DOUBLE',
  last_ts: 'DOUBLE',
  n_events: 'INT32',
  item_opens: 'INT32',
  reopens: 'INT32',
  end_reason: 'UTF8',
  observed_s: 'DOUBLE',
  tail_s: 'DOUBLE',
  dwell_s: 'DOUBLE',
  max_gap_s: 'DOUBLE',
  measured: 'INT32',
  capped: 'INT32',
  suspect: 'INT32',
};
const FACT_COLUMNS: Columns = {
  user_id: 'UTF8',
  day: 'DATE',
  merchant_id: 'UTF8',
  flyer_id: 'UTF8',
  views: 'INT32',
  measured_views: 'INT32',
  bounce_views: 'INT32',
  item_opens: 'INT32',
  first_open_ts: 'DOUBLE',
  dwell_s: 'DOUBLE',
  suspect: 'INT32',
};
const USER_COLUMNS: Columns = {
  user_id: 'UTF8',
  day: 'DATE',
  flyers: 'INT32',
  measured_flyers: 'INT32',
  views: 'INT32',
  measured_views: 'INT32',
  item_opens: 'INT32',
  dwell_s: 'DOUBLE',
  avg_time_on_flyer_s: 'DOUBLE',
  avg_time_per_view_s: 'DOUBLE',
  median_time_on_flyer_s: 'DOUBLE',
  suspect: 'INT32',
};

export interface PlainNodeOptions {
  /** Whether tables are written as Parquet, too. */
  readonly parquet: boolean;
}

export async function runPlainNode(job: PeerJob, options: PlainNodeOptions): Promise<PeerReport> {
  const startMs = performance.now();
  const users = new Map<string, Event[]>();
  let asOfMs = 0;
  for await (const event of readEvents(job)) {
    const events = users.get(event.userId);
    if (events === undefined) users.set(event.userId, [event]);
    else events.push(event);
    asOfMs = Math.max(asOfMs, event.instantMs);
  }
  fillMerchants(users);
  const readMs = performance.now();
  await computeDay(job, users, asOfMs, options);
  return { stages: { read: readMs - startMs, dwell: performance.now() - readMs } };
}

/** Gap filling (R3): the merchant of a flyer, where the events of a local day name exactly one. */
function fillMerchants(users: ReadonlyMap<string, readonly Event[]>): void {
  const key = ({ localMs, flyerId }: Event) => `${Math.floor(localMs / DAY_MS)}/${flyerId}`;
  const merchants = new Map<string, string | undefined>();
  for (const events of users.values()) {
    for (const event of events) {
      if (event.flyerId === '' || event.merchantId === '') continue;
      const flyer = key(event);
      const isOther = merchants.has(flyer) && merchants.get(flyer) !== event.merchantId;
      merchants.set(flyer, isOther ? undefined : event.merchantId);
    }
  }
  for (const events of users.values()) {
    for (const event of events) {
      if (event.flyerId !== '' && event.merchantId === '') event.merchantId = merchants.get(key(event)) ?? '';
    }
  }
}

async function computeDay(
  job: PeerJob,
  users: Map<string, Event[]>,
  asOfMs: number,
  options: PlainNodeOptions,
): Promise<void> {
  const open = (table: string, columns: Columns) => TableFile.create(join(job.out, table), columns, options);
  const viewFile = await open('flyer_views', VIEW_COLUMNS);
  const factFile = await open('user_flyer_day', FACT_COLUMNS);
  const userFile = await open('user_day', USER_COLUMNS);
  const merchantFile = await open('merchant_day', MERCHANT_COLUMNS);
  const merchants = new Merchants();
  const dayStartMs = Date.parse(`${job.day}T00:00:00Z`);

  for (const [userId, events] of users) {
    putInOrder(events);
    const isOfDay = ({ localMs }: View) => localMs >= dayStartMs && localMs < dayStartMs + DAY_MS;
    const views = viewsOf(events, asOfMs, job).filter(isOfDay);
    if (views.length === 0) continue;
    const suspect = isSuspect(events, dayStartMs, job) ? 1 : 0;
    const facts = flyerFacts(views, job);
    for (const view of views) await viewFile.add([userId, job.day, ...viewCells(view), suspect]);
    for (const fact of facts) await factFile.add([userId, job.day, ...factCells(fact), suspect]);
    await userFile.add([userId, job.day, ...userCells(facts), suspect]);
    if (suspect === 0) merchants.addUser(facts, views);
  }
  for (const cells of merchants.rows(job)) await merchantFile.add(cells);
  for (const file of [viewFile, factFile, userFile, merchantFile]) await file.close();
}

function viewCells(view: View) {
  return [
    view.merchantId,
    view.flyerId,
    view.origin,
    view.startMs / 1000,
    view.lastMs / 1000,
    view.events,
    view.itemOpens,
    view.reopens,
    view.endReason,
    (view.lastMs - view.startMs) / 1000,
    seconds(view.tailMs),
    seconds(view.dwellMs),
    view.maxGapMs / 1000,
    view.dwellMs === undefined ? 0 : 1,
    view.isCapped ? 1 : 0,
  ];
}

function factCells(fact: Fact) {
  return [
    fact.merchantId,
    fact.flyerId,
    fact.views,
    fact.measuredViews,
    fact.bounceViews,
    fact.itemOpens,
    fact.firstOpenMs / 1000,
    seconds(fact.dwellMs),
  ];
}

function userCells(facts: readonly Fact[]) {
  const measured = facts.flatMap(({ dwellMs }) => dwellMs ?? []);
  const measuredViews = sum(facts.map((fact) => fact.measuredViews));
  const dwellS = measured.length === 0 ? undefined : sum(measured) / 1000;
  return [
    facts.length,
    measured.length,
    sum(facts.map((fact) => fact.views)),
    measuredViews,
    sum(facts.map((fact) => fact.itemOpens)),
    dwellS,
    dwellS === undefined ? undefined : dwellS / measured.length,
    dwellS === undefined ? undefined : dwellS / measuredViews,
    seconds(quantile(measured, 0.5)),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
