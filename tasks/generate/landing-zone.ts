/** Where drops land: rows are booked, sorted into the drop of their producer and hour of arrival, and written. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DropFile } from './drop-file.ts';
import { type EventBatch, FAULTS, type Fault } from './event-batch.ts';
import type { Ledger } from './ledger.ts';
import type { Producer } from './producers.ts';
import { type RowWriter, rowWriter } from './row-text.ts';
import { DAY_MS, dayText, offsetAt } from './zones.ts';

/** The collectors' clocks, by which drops are cut and named. */
export const COLLECTOR_ZONE = 'America/Toronto';

/** Faults whose row still says when it happened: it counts for its own day. */
const DATED_FAULTS: ReadonlySet<string> = new Set<Fault>(['missing_user', 'unknown_event', 'clock_ahead']);

export interface DropRecord {
  /** Below the drops' folder. */
  readonly key: string;
  readonly producer: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A drop that is open for more rows. */
interface OpenDrop {
  readonly file: DropFile;
  readonly producer: Producer;
  /** Arrivals in [fromMs, untilMs) belong here. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Index of the day in whose folder it lies. */
  readonly day: number;
  lastInstantMs: number;
  /** Events by index of their local day. */
  readonly eventsByDay: Map<number, number>;
  /** Faulty rows without a legible timestamp, by fault code: they go to the day that most events are of. */
  readonly undated: Map<number, number>;
}

export class LandingZone {
  readonly #root: string;
  readonly #firstDay: number;
  readonly #producers: readonly Producer[];
  readonly #ledger: Ledger;
  readonly #writers: readonly RowWriter[];
  readonly #open = new Map<string, OpenDrop>();
  /** The drop each producer wrote to last: nearly always the next one too. */
  readonly #latest: (OpenDrop | undefined)[];
  readonly records: DropRecord[] = [];
  rowCount = 0;

  constructor(root: string, firstDay: number, producers: readonly Producer[], ledger: Ledger) {
    this.#root = root;
    this.#firstDay = firstDay;
    this.#producers = producers;
    this.#ledger = ledger;
    this.#writers = producers.map(rowWriter);
    this.#latest = producers.map(() => undefined);
  }

  /** Writes a batch in order of arrival. */
  async deliver(batch: EventBatch): Promise<void> {
    for (const row of batch.arrivalOrder()) {
      const drop = this.#dropFor(batch.producer[row]!, batch.arrivalMs[row]!);
      this.#book(batch, row, drop);
      drop.file.add(this.#writers[batch.producer[row]!]!, batch, row);
    }
    this.rowCount += batch.count;
    for (const drop of this.#open.values()) await drop.file.settle();
  }

  /** Closes the drops that cannot get any more rows: nothing will arrive before this instant. */
  async closeUntil(instantMs: number): Promise<void> {
    const done = [...this.#open].filter(([, drop]) => drop.untilMs <= instantMs);
    for (const [name] of done) this.#open.delete(name);
    await Promise.all(done.map(([, drop]) => this.#close(drop)));
  }

  async #close(drop: OpenDrop): Promise<void> {
    const bytes = await drop.file.close();
    this.records.push({ key: drop.file.key, producer: drop.producer.name, rows: drop.file.rowCount, bytes });
    const rejected = this.#ledger.days[homeDay(drop)]!.rejected;
    for (const [fault, count] of drop.undated) rejected[fault]! += count;
  }

  #dropFor(producerIndex: number, arrivalMs: number): OpenDrop {
    const latest = this.#latest[producerIndex];
    if (latest !== undefined && arrivalMs >= latest.fromMs && arrivalMs < latest.untilMs) return latest;
    const producer = this.#producers[producerIndex]!;
    const offsetMs = offsetAt(COLLECTOR_ZONE, arrivalMs);
    const localMs = Math.floor((arrivalMs + offsetMs) / producer.cadenceMs) * producer.cadenceMs;
    const hour = `${new Date(localMs).getUTCHours()}`.padStart(2, '0');
    const day = Math.floor(localMs / DAY_MS);
    const key = `${dayText(day)}/${producer.name}-${hour}.${producer.shape}${producer.codec}`;
    const drop =
      this.#open.get(key) ?? this.#openDrop(key, producer, localMs - offsetMs, day - this.#firstDay);
    this.#latest[producerIndex] = drop;
    return drop;
  }

  #openDrop(key: string, producer: Producer, fromMs: number, day: number): OpenDrop {
    mkdirSync(join(this.#root, dayText(day + this.#firstDay)), { recursive: true });
    const drop: OpenDrop = {
      file: new DropFile(join(this.#root, key), key, producer),
      producer,
      fromMs,
      // An hour more than the cadence when clocks are put back in between: the file is looked up by name then.
      untilMs: fromMs + producer.cadenceMs,
      day,
      lastInstantMs: Number.NEGATIVE_INFINITY,
      eventsByDay: new Map(),
      undated: new Map(),
    };
    this.#open.set(key, drop);
    return drop;
  }

  #book(batch: EventBatch, row: number, drop: OpenDrop): void {
    const instantMs = batch.instantMs[row]!;
    const day = Math.floor((instantMs + batch.offsetMs[row]!) / DAY_MS) - this.#firstDay;
    const book = this.#ledger.days[day]!;
    const fault = batch.fault[row]!;
    if (fault !== 0) {
      if (DATED_FAULTS.has(FAULTS[fault]!)) book.rejected[fault]!++;
      else drop.undated.set(fault, (drop.undated.get(fault) ?? 0) + 1);
      return;
    }
    drop.eventsByDay.set(day, (drop.eventsByDay.get(day) ?? 0) + 1);
    book.events[batch.event[row]!]!++;
    book.duplicates[batch.duplicate[row]!]!++;
    if (batch.flyerNull[row] !== 0 && batch.flyer[row] === 0) book.nullFlyers++;
    if (batch.merchantNull[row] !== 0 && batch.merchant[row] === 0) book.nullMerchants++;
    if (batch.flyer[row] !== 0 && batch.merchant[row] === 0) book.merchantsToFill++;
    book.untidyEvents += batch.untidy[row]!;
    if (drop.day > day) book.late++;
    if (instantMs < drop.lastInstantMs) book.outOfOrder++;
    drop.lastInstantMs = instantMs;
  }
}

/** The day most events of a drop are of, the earliest of several; the day of its folder when it holds none. */
function homeDay(drop: OpenDrop): number {
  let home = drop.day;
  let most = 0;
  for (const [day, count] of [...drop.eventsByDay].sort(([a], [b]) => a - b)) {
    if (count > most) [home, most] = [day, count];
  }
  return home;
}
