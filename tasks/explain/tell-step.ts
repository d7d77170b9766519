/** What the rules did with an event, in words: one line per rule, in the order in which they acted. */
import type { ViewRules } from '../dwell/view-rules.ts';
import type { TracedView, TraceStep } from './trace-user.ts';
import type { Flyer, Told, UserEvent } from './user-event.ts';

/** R6 to R11 for one event. `previous` is the user's event before it. */
export function tellStep(step: TraceStep, previous: UserEvent | undefined, rules: ViewRules): Told[] {
  const { event, ended } = step;
  const told: Told[] = [];
  if (event.instantMs === previous?.instantMs) {
    told.push(say('R5', 'same instant as the event before: this order, however they arrived'));
  }
  if (ended?.reason === 'timeout') {
    const silence = seconds(event.instantMs - ended.last.instantMs);
    told.push(
      say(
        'R8',
        `${silence} of silence, more than ${seconds(rules.timeoutMs)}: ${viewName(ended)} ended at its last event`,
      ),
      ...tellDwell(ended, rules),
    );
  }
  told.push(...tellEffect(step, rules));
  return told;
}

/** What becomes of the view that is open after the user's last event. */
export function tellEnd(view: TracedView, rules: ViewRules): Told[] {
  const text =
    view.reason === 'timeout'
      ? `no event within ${seconds(rules.timeoutMs)}: ${viewName(view)} ended at its last event`
      : `the data ends less than ${seconds(rules.timeoutMs)} later: how ${viewName(view)} ended is not known yet`;
  return [say(view.reason === 'timeout' ? 'R8' : 'R9', text), ...tellDwell(view, rules)];
}

function tellEffect(step: TraceStep, rules: ViewRules): Told[] {
  const { event, effect, ended, before, after } = step;
  switch (effect) {
    case 'start':
      return tellStart(step);
    case 'switch':
      return [
        say('R6', `another flyer: ${viewName(ended!)} ends (switch)`),
        ...(before?.flyerId === after?.flyerId
          ? [say('R3', 'the same flyer id of another merchant is another flyer')]
          : []),
        ...tellDwell(ended!, rules),
        ...tellStart(step),
      ];
    case 'reopen':
      return [say('R6', 'the open flyer again: the same view goes on')];
    case 'item':
      return event.flyerId === null
        ? [
            say(
              'R7',
              "an item of an unknown flyer of the open flyer's merchant: stays, and counts as its item",
            ),
          ]
        : [say('R6', 'an item of the open flyer: the view goes on')];
    case 'stay':
      return [
        event.event === 'favorite'
          ? say('R7', `a favourite of ${event.merchantId === null ? 'no known' : 'the same'} merchant: stays`)
          : say('R7', 'an item of an unknown flyer and merchant: stays, counts as no item'),
      ];
    case 'ignored':
      return [say('R7', `closes ${flyerName(event as Flyer)}, which is not the open one: the view goes on`)];
    case 'close':
      return [say('R7', `${viewName(ended!)} is closed`), ...tellDwell(ended!, rules)];
    case 'leave':
      return [say('R7', `${whyLeft(event)}: leaves ${viewName(ended!)}`), ...tellDwell(ended!, rules)];
    case 'none':
      return [say('R7', 'no flyer is open: nothing happens')];
  }
}

function tellStart({ event, after, startsViewNo }: TraceStep): Told[] {
  const name = flyerName(after!);
  const how = event.event === 'item_open' ? `an item says that ${name} is open` : `${name} opens`;
  const told = [
    startsViewNo === undefined
      ? say('R6', `${how}: a view of ${event.day}`)
      : say('R6', `${how}: view ${startsViewNo}`),
  ];
  const utcDay = new Date(event.instantMs).toISOString().slice(0, 10);
  if (utcDay !== event.day) told.push(say('R11', `the local day is ${event.day}; in UTC it is ${utcDay}`));
  return told;
}

/** What the view that ended is worth. */
function tellDwell(view: TracedView, rules: ViewRules): Told[] {
  const { observedMs, tailMs, dwellMs, start, last } = view;
  const told: Told[] = [];
  if (tailMs !== null) {
    told.push(
      say(
        'R9',
        `${seconds(observedMs)} observed + ${seconds(tailMs)} until this event = ${seconds(observedMs + tailMs)}`,
      ),
    );
  } else if (rules.creditMs !== undefined) {
    told.push(say('R9', `${seconds(observedMs)} observed + ${seconds(rules.creditMs)} credited`));
  } else if (dwellMs === null) {
    told.push(say('R9', 'nothing observed and its end unknown: unmeasured, not 0'));
  } else {
    told.push(say('R9', `its end is unknown: the observed ${seconds(observedMs)} count`));
  }
  if (view.capped) told.push(say('R10', `capped at ${seconds(rules.maxViewMs)}`));
  if (view.viewNo === null) {
    told.push(say('R12', `a view of ${start.day}: counts there, not here`));
  } else if (last.dayNo !== start.dayNo || endsLater(view)) {
    told.push(say('R11', `counts to ${start.day}, the day of its start, whole`));
  }
  return told;
}

/** Whether its ending event is of another local day than its start. */
function endsLater({ start, last, tailMs }: TracedView): boolean {
  const endLocalMs = last.localMs + (tailMs ?? 0);
  return new Date(endLocalMs).toISOString().slice(0, 10) !== start.day;
}

function whyLeft({ event, merchantId }: UserEvent): string {
  if (event === 'flyer_open') return 'a flyer of unknown id opens';
  if (event === 'item_open') return `an item of merchant ${merchantId}, not of the open flyer's`;
  if (event === 'favorite') return `a favourite of merchant ${merchantId}, not of the open flyer's`;
  return event;
}

export const say = (rule: string, text: string): Told => ({ rule, text });

export function flyerName({ flyerId, merchantId }: Flyer): string {
  return `flyer ${flyerId} of ${merchantId === null ? 'an unknown merchant' : `merchant ${merchantId}`}`;
}

const viewName = (view: TracedView) =>
  view.viewNo === null ? `the view of ${flyerName(view)}` : `view ${view.viewNo}`;

/** 90_500 → `90.5 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toLocaleString('en-US', { maximumFractionDigits: 3 })} s`;
}
