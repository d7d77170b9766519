/** What became of the rows of the drops before the rules of time: spellings, filled merchants, duplicates (R2 to R4). */
import { EVENT_CODE } from '../events.ts';
import type { StagedRow } from './read-user-days.ts';
import { say } from './tell-step.ts';
import type { Told, UserEvent } from './user-event.ts';

export interface ToldRows {
  /** One list per event. */
  readonly told: readonly (readonly Told[])[];
  /** Rows that became no event of these: they repeat another one, by id or on an earlier local day (R4). */
  readonly repeats: readonly StagedRow[];
}

/** Each row goes to the one event that it became, or whose copy it is. */
export function tellRows(events: readonly UserEvent[], rows: readonly StagedRow[]): ToldRows {
  const repeats: StagedRow[] = [];
  const rowsOf = new Map<UserEvent, StagedRow[]>(events.map((event) => [event, []]));
  for (const row of rows) {
    const alike = events.filter((event) => isAlike(event, row));
    const exact = alike.find(({ merchantId }) => merchantId === row.merchantId);
    const event = exact ?? alike.find(() => row.merchantId === null);
    if (event === undefined) repeats.push(row);
    else rowsOf.get(event)!.push(row);
  }
  return { told: events.map((event) => tellEvent(event, rowsOf.get(event)!)), repeats };
}

function isAlike(event: UserEvent, row: StagedRow): boolean {
  return (
    event.instantMs === row.instantMs && EVENT_CODE[event.event] === row.code && event.flyerId === row.flyerId
  );
}

function tellEvent(event: UserEvent, rows: readonly StagedRow[]): Told[] {
  const told: Told[] = [];
  const written = new Set<string>();
  for (const { flyerText, merchantText, flyerId, merchantId } of rows) {
    if (isSpelled(flyerText, flyerId)) written.add(`flyer written "${flyerText}"`);
    if (isSpelled(merchantText, merchantId)) written.add(`merchant written "${merchantText}"`);
  }
  for (const what of written) told.push(say('R2', `${what}: unknown`));
  if (event.merchantFilled) {
    const only = `the only one that the day names for flyer ${event.flyerId}`;
    told.push(say('R3', `merchant ${event.merchantId} is filled in: ${only}`));
  }
  const count = rows.reduce((sum, row) => sum + row.rows, 0);
  if (count > 1) told.push(say('R4', `written ${count} times, counts once`));
  return told;
}

/** Something is written, and it means nothing. */
const isSpelled = (text: string | null, id: string | null) => id === null && (text ?? '').trim() !== '';
