/** Dirt, planted on purpose and counted: copies that arrive again, and mangled copies that are no events. */
import { DUPLICATES, type Duplicate, type EventBatch, FAULTS, type Fault } from './event-batch.ts';
import type { Producer } from './producers.ts';
import type { Random } from './random.ts';
import { DAY_MS, HOUR_MS } from './zones.ts';

export const DUPLICATE_SHARE = 0.006;
export const FAULT_SHARE = 0.004;

const FAULT_KINDS = FAULTS.slice(1) as readonly Fault[];
const DUPLICATE_KINDS = DUPLICATES.slice(1) as readonly Duplicate[];
/** More than the five minutes that rule R12 forgives. */
const CLOCK_AHEAD_MS = HOUR_MS;
const OTHER_OFFSETS_MS = [0, 1, -3, -5, -7].map((hours) => hours * HOUR_MS);

/** Adds dirt to the rows from index `from` on. */
export function plantDirt(
  random: Random,
  batch: EventBatch,
  from: number,
  producers: readonly Producer[],
): void {
  const to = batch.count;
  for (let row = from; row < to; row++) {
    const choice = random.uniform();
    if (choice < DUPLICATE_SHARE) plantDuplicate(random, batch, row, producers);
    else if (choice < DUPLICATE_SHARE + FAULT_SHARE) plantFault(random, batch, row, producers);
  }
}

/** A copy that rule R4 drops. A kind that does not suit the row becomes a plain second sending. */
function plantDuplicate(
  random: Random,
  batch: EventBatch,
  row: number,
  producers: readonly Producer[],
): void {
  // Were a merchant still to be filled in, the copy would be counted as filled or as dropped, as cleansing likes.
  if (batch.flyer[row] !== 0 && batch.merchant[row] === 0) return;
  const copy = batch.copy(row);
  const wanted = DUPLICATE_KINDS[random.below(DUPLICATE_KINDS.length)]!;
  batch.duplicate[copy] = DUPLICATES.indexOf(change(wanted) ? wanted : 'sent_twice');
  batch.arrivalMs[copy]! +=
    wanted === 'redelivered' ? 3 * HOUR_MS + random.below(23 * HOUR_MS) : random.below(5000);

  function change(kind: Duplicate): boolean {
    switch (kind) {
      case 'sent_twice':
      case 'redelivered':
        return true;
      case 'other_format':
        batch.producer[copy] =
          (batch.producer[row]! + 1 + random.below(producers.length - 1)) % producers.length;
        return producers.length > 1;
      case 'other_offset': {
        const offsetMs = OTHER_OFFSETS_MS[random.below(OTHER_OFFSETS_MS.length)]!;
        const instantMs = batch.instantMs[row]!;
        const sameDay =
          Math.floor((instantMs + offsetMs) / DAY_MS) ===
          Math.floor((instantMs + batch.offsetMs[row]!) / DAY_MS);
        if (!sameDay || offsetMs === batch.offsetMs[row]) return false;
        batch.offsetMs[copy] = offsetMs;
        return true;
      }
      case 'respelled_null':
        if (batch.flyer[row] !== 0) return false;
        batch.flyerNull[copy] = batch.flyerNull[row] === 0 ? 1 : 0;
        return true;
    }
  }
}

function plantFault(random: Random, batch: EventBatch, row: number, producers: readonly Producer[]): void {
  const copy = batch.copy(row);
  const wanted = FAULT_KINDS[random.below(FAULT_KINDS.length)]!;
  const fault = isPossible(wanted, producers[batch.producer[copy]!]!) ? wanted : 'bad_timestamp';
  batch.fault[copy] = FAULTS.indexOf(fault);
  batch.arrivalMs[copy]! += random.below(5000);
  if (fault === 'clock_ahead') batch.instantMs[copy] = batch.arrivalMs[copy]! + CLOCK_AHEAD_MS;
}

function isPossible(fault: Fault, { shape, fields }: Producer): boolean {
  // Inside one JSON or XML document a truncated element would take all that follow with it.
  if (fault === 'truncated') return shape === 'csv' || shape === 'ndjson';
  // Without a time of receipt nobody can tell that a clock is wrong (rule R12).
  return fault !== 'clock_ahead' || fields.includes('received_at');
}
