/** The day as one would first write it in Node: csv-parse, objects, a Map of users, CSV out (it has no Parquet). */
import { join } from 'node:path';
import type { PeerJob, PeerReport } from '../job.ts';
import { CsvFile } from './csv-file.ts';
import { type Fact, flyerFacts, isSuspect, quantile, sum } from './facts.ts';
import { MERCHANT_COLUMNS, Merchants } from './merchants.ts';
import { type Event, readEvents } from './read-events.ts';
import { putInOrder, type View, viewsOf } from './user-views.ts';

const DAY_MS = 86_400_000;

const VIEW_COLUMNS =
  'user_id,day,merchant_id,flyer_id,origin,start_ts,last_ts,n_events,item_opens,reopens,end_reason,observed_s,tail_s,' +
  'dwell_s,max_gap_s,measured,capped,suspect';
const FACT_COLUMNS =
  'user_id,day,merchant_id,flyer_id,views,measured_views,bounce_views,item_opens,first_open_ts,dwell_s,suspect';
const USER_COLUMNS =
  'user_id,day,flyers,measured_flyers,views,measured_views,item_opens,dwell_s,avg_time_on_flyer_s,avg_time_per_view_s,' +
  'median_time_on_flyer_s,suspect';

export async function runPlainNode(job: PeerJob): Promise<PeerReport> {
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
  await computeDay(job, users, asOfMs);
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

async function computeDay(job: PeerJob, users: Map<string, Event[]>, asOfMs: number): Promise<void> {
  const open = (table: string, columns: string) =>
    new CsvFile(join(job.out, table, 'all.csv'), columns.split(','));
  const viewFile = open('flyer_views', VIEW_COLUMNS);
  const factFile = open('user_flyer_day', FACT_COLUMNS);
  const userFile = open('user_day', USER_COLUMNS);
  const merchantFile = open('merchant_day', MERCHANT_COLUMNS.join(','));
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
