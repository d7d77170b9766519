/** A user's day, line by line: which rule did what with each event, and what it comes to. */
import type { Duck } from '../../lake/duckdb.ts';
import type { Day } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { horizonEndMs } from '../day-horizon.ts';
import { type ViewRules, viewRulesOf } from '../dwell/view-rules.ts';
import { EVENT_NAMES, type EventName } from '../events.ts';
import { type MetricParams, metricParamsSchema } from '../metric-params.ts';
import {
  type PublishedView,
  type RejectedRow,
  readUserDays,
  type StagedRow,
  type UserDays,
} from './read-user-days.ts';
import { tellRows } from './tell-rows.ts';
import { say, tellEnd, tellStep } from './tell-step.ts';
import { type TracedView, traceUser, type UserTrace } from './trace-user.ts';
import type { Told, UserEvent } from './user-event.ts';

export interface ExplainedEvent {
  readonly day: Day;
  /** Wall clock, `10:00:00` or `10:00:00.250`. */
  readonly time: string;
  readonly instantMs: number;
  readonly event: EventName;
  readonly flyerId: string | null;
  readonly merchantId: string | null;
  readonly told: readonly Told[];
}

/** A row of the day that is no event of its own, because another one counts for it (R4). */
export interface ExplainedRepeat extends Omit<ExplainedEvent, 'day' | 'told'> {
  readonly why: string;
}

/** Times in ms. */
export interface ExplainedFlyer {
  readonly flyerId: string;
  readonly merchantId: string | null;
  readonly views: number;
  readonly measuredViews: number;
  /** Null: unmeasured. */
  readonly dwellMs: number | null;
}

export interface UserDayExplanation {
  readonly user: string;
  readonly day: Day;
  readonly definitionVersion: string;
  readonly params: MetricParams;
  /** The latest event of the run (R12). */
  readonly asOfMs: number | null;
  /** Days around it that are not published, though what is in them could change a line. */
  readonly missingDays: readonly Day[];
  /** Whether the drops' own rows could still be read: without them R2 and R4 are silent. */
  readonly hasRows: boolean;
  readonly rejected: readonly RejectedRow[];
  readonly repeats: readonly ExplainedRepeat[];
  readonly events: readonly ExplainedEvent[];
  /** After the last event. */
  readonly end: readonly Told[];
  readonly flyers: readonly ExplainedFlyer[];
  readonly total: Omit<ExplainedFlyer, 'flyerId' | 'merchantId'> & {
    readonly measuredFlyers: number;
    readonly told: readonly Told[];
  };
  /** Whether `flyer_views` has exactly these views. False: a day around it is missing, or was published since. */
  readonly agrees: boolean;
}

/** Throws FL_OBJECT_MISSING when the day is not published. */
export async function explainUserDay(
  duck: Duck,
  store: ObjectStore,
  user: string,
  day: Day,
  scratchDir: string,
): Promise<UserDayExplanation> {
  const found = await readUserDays(duck, store, user, day, scratchDir);
  const params = metricParamsSchema.parse(found.manifest.params);
  const rules = viewRulesOf(params);
  const events = inHorizon(found.events, horizonEndMs(day, params), rules);
  const { asOfMs, definitionVersion } = found.manifest;
  const trace = traceUser(events, rules, asOfMs ?? 0);
  const views = viewsOfDay(trace);
  const ofDay = events.filter(({ dayNo }) => dayNo === 0);
  const { told, repeats } = tellRows(ofDay, found.rows ?? []);
  const rowLines = new Map(ofDay.map((event, index) => [event, told[index]!]));
  const flyers = flyersOf(views);
  return {
    ...{ user, day, definitionVersion, params, asOfMs },
    missingDays: missingDays(found, events, trace, day, rules),
    hasRows: found.rows !== undefined,
    rejected: found.rejected,
    repeats: repeats.map(explainRepeat),
    events: tellEvents(rowLines, events, trace, rules),
    end: trace.atEnd?.viewNo == null ? [] : tellEnd(trace.atEnd, rules),
    flyers,
    total: totalOf(
      flyers,
      ofDay.some(({ suspect }) => suspect),
    ),
    agrees: JSON.stringify(views.map(tracedForm)) === JSON.stringify(found.published.map(viewForm)),
  };
}

/**
 * R12: nothing later than the horizon. Of the day before only what a view of the day can hang on: the events from the last silence
 * longer than the timeout on; of the day after, only while a view of the day is open. The rest says nothing about the day.
 */
function inHorizon(all: readonly UserEvent[], endMs: number, rules: ViewRules): UserEvent[] {
  const events = all.filter(({ localMs }) => localMs <= endMs);
  let first = events.findIndex(({ dayNo }) => dayNo === 0);
  if (first < 0) return [];
  while (first > 0 && events[first]!.instantMs - events[first - 1]!.instantMs <= rules.timeoutMs) first -= 1;
  const { steps } = traceUser(events.slice(first), rules, 0);
  const isOpen = steps.map(({ after }, index) => after !== undefined && startDayNo(steps, index) === 0);
  const lastOfDay = steps.findLastIndex(({ event }) => event.dayNo === 0);
  const next = steps.findIndex((_, index) => index > lastOfDay && !isOpen[index - 1]);
  return events.slice(first, next < 0 ? undefined : first + next);
}

/** Day of the start of the view that is open after a step. */
function startDayNo(steps: UserTrace['steps'], index: number): number | undefined {
  const start = steps.slice(0, index + 1).findLast(({ effect }) => effect === 'start' || effect === 'switch');
  return start?.event.dayNo;
}

function viewsOfDay({ steps, atEnd }: UserTrace): TracedView[] {
  return [...steps.map(({ ended }) => ended), atEnd]
    .filter((view) => view !== undefined)
    .filter(({ viewNo }) => viewNo !== null);
}

function tellEvents(
  rowLines: ReadonlyMap<UserEvent, readonly Told[]>,
  events: readonly UserEvent[],
  { steps }: UserTrace,
  rules: ViewRules,
): ExplainedEvent[] {
  return steps.map((step, index) => {
    const { day, dayNo, instantMs, localMs, event, flyerId, merchantId } = step.event;
    const why = dayNo < 0 ? 'a view may go on from here' : 'it may end a view of the day';
    const horizon = dayNo === 0 ? [] : [say('R12', `of the day ${dayNo < 0 ? 'before' : 'after'}: ${why}`)];
    const told = [
      ...horizon,
      ...(rowLines.get(step.event) ?? []),
      ...tellStep(step, events[index - 1], rules),
    ];
    return { day, time: clockText(localMs), instantMs, event, flyerId, merchantId, told };
  });
}

function explainRepeat({ instantMs, localMs, code, flyerId, merchantId, hasId }: StagedRow): ExplainedRepeat {
  const why = hasId ? 'another event has its event_id' : 'the same event is one of an earlier local day';
  return { time: clockText(localMs), instantMs, event: EVENT_NAMES[code]!, flyerId, merchantId, why };
}

function clockText(localMs: number): string {
  return new Date(localMs)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, '');
}

/** The day before matters when a view may have been open at midnight, the day after when one is open at the end. */
function missingDays(
  { unpublished }: UserDays,
  events: readonly UserEvent[],
  { steps, atEnd }: UserTrace,
  day: Day,
  { timeoutMs }: ViewRules,
): Day[] {
  const first = events[0];
  const last = steps.at(-1)?.event;
  if (first === undefined || last === undefined) return [];
  const startMs = Date.parse(`${day}T00:00:00Z`);
  const isEarly = first.localMs - startMs < timeoutMs;
  const isLate = atEnd?.viewNo != null && startMs + 86_400_000 - last.localMs <= timeoutMs;
  return unpublished.filter((one) => (one < day && isEarly) || (one > day && isLate));
}

function flyersOf(views: readonly TracedView[]): ExplainedFlyer[] {
  const groups = Map.groupBy(views, ({ flyerId, merchantId }) => JSON.stringify([flyerId, merchantId]));
  return [...groups.values()].map((ofFlyer) => ({
    flyerId: ofFlyer[0]!.flyerId,
    merchantId: ofFlyer[0]!.merchantId,
    ...sumOf(ofFlyer.map(({ dwellMs }) => ({ views: 1, measuredViews: dwellMs === null ? 0 : 1, dwellMs }))),
  }));
}

function totalOf(flyers: readonly ExplainedFlyer[], isSuspect: boolean): UserDayExplanation['total'] {
  const sum = sumOf(flyers);
  const measuredFlyers = flyers.filter(({ dwellMs }) => dwellMs !== null).length;
  const told: Told[] = [];
  if (sum.dwellMs !== null) {
    const [dwell, average] = [sum.dwellMs / 1000, sum.dwellMs / 1000 / measuredFlyers];
    told.push(
      say(
        'R14',
        `average time on flyer ${average.toFixed(6)} s = ${dwell} s ÷ ${measuredFlyers} measured flyers`,
      ),
    );
  } else if (flyers.length > 0) {
    told.push(say('R14', 'no view is measured: there is no average, and it is not 0'));
  }
  if (isSuspect) {
    told.push(say('R13', 'more events than a person makes: suspect, left out of merchant and flyer tables'));
  }
  return { ...sum, measuredFlyers, told };
}

function sumOf(parts: readonly Pick<ExplainedFlyer, 'views' | 'measuredViews' | 'dwellMs'>[]) {
  const measured = parts.filter(({ dwellMs }) => dwellMs !== null);
  return {
    views: parts.reduce((sum, { views }) => sum + views, 0),
    measuredViews: parts.reduce((sum, { measuredViews }) => sum + measuredViews, 0),
    dwellMs: measured.length === 0 ? null : measured.reduce((sum, { dwellMs }) => sum + dwellMs!, 0),
  };
}

/** What must be equal of a traced and a published view. */
const viewForm = ({ viewNo, flyerId, merchantId, startMs, reason, events, dwellMs }: PublishedView) => [
  ...[viewNo, flyerId, merchantId, startMs, reason, events, dwellMs],
];

const tracedForm = (view: TracedView) =>
  viewForm({ ...view, viewNo: view.viewNo!, startMs: view.start.instantMs });
