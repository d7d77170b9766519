/** Generated rows on their way to a drop: columns of typed arrays, filled shopper by shopper, delivered in order of arrival. */

/** What is wrong with a row, by code; a faulty row is always a mangled extra copy, so that no true event is lost. */
export const FAULTS = [
  'none',
  'bad_timestamp',
  'timestamp_without_offset',
  'truncated',
  'missing_user',
  'unknown_event',
  'clock_ahead',
] as const;
export type Fault = Exclude<(typeof FAULTS)[number], 'none'>;

/** How an extra copy of an event came to be, by code. */
export const DUPLICATES = [
  'none',
  'sent_twice',
  'redelivered',
  'other_format',
  'other_offset',
  'respelled_null',
] as const;
export type Duplicate = Exclude<(typeof DUPLICATES)[number], 'none'>;

/** Index bits in a sort key; the rest holds milliseconds of arrival, good for years. */
const INDEX_RADIX = 2 ** 18;
/** More rows than any shopper's (or the bot's) day with all its copies. */
const ROOM_FOR_ONE = 8192;

export class EventBatch {
  readonly #capacity: number;
  count = 0;
  readonly userIds: string[] = [];
  readonly instantMs: Float64Array;
  readonly arrivalMs: Float64Array;
  /** Index into `userIds`. */
  readonly user: Uint32Array;
  /** Grows with a shopper's events; what a client would send as sequence number. */
  readonly seq: Float64Array;
  readonly offsetMs: Int32Array;
  /** Index into the producers. */
  readonly producer: Uint8Array;
  /** Code of `tasks/events.ts`. */
  readonly event: Uint8Array;
  /** Ids; 0 = unknown. */
  readonly flyer: Int32Array;
  readonly merchant: Int32Array;
  /** How an unknown id is spelled: 0 = left out, else one of the producer's spellings. */
  readonly flyerNull: Uint8Array;
  readonly merchantNull: Uint8Array;
  readonly fault: Uint8Array;
  readonly duplicate: Uint8Array;
  /** 1 = the event's name in odd case or with blanks around, which rule R1 forgives. */
  readonly untidy: Uint8Array;

  constructor(capacity = 160_000) {
    this.#capacity = capacity;
    const rows = capacity + ROOM_FOR_ONE;
    this.instantMs = new Float64Array(rows);
    this.arrivalMs = new Float64Array(rows);
    this.user = new Uint32Array(rows);
    this.seq = new Float64Array(rows);
    this.offsetMs = new Int32Array(rows);
    this.producer = new Uint8Array(rows);
    this.event = new Uint8Array(rows);
    this.flyer = new Int32Array(rows);
    this.merchant = new Int32Array(rows);
    this.flyerNull = new Uint8Array(rows);
    this.merchantNull = new Uint8Array(rows);
    this.fault = new Uint8Array(rows);
    this.duplicate = new Uint8Array(rows);
    this.untidy = new Uint8Array(rows);
  }

  /** Whether the next shopper's day may no longer fit. */
  get full(): boolean {
    return this.count >= this.#capacity;
  }

  addUser(userId: string): number {
    return this.userIds.push(userId) - 1;
  }

  /** A row that is another one's copy, to be changed in what differs. Returns its index. */
  copy(from: number): number {
    const to = this.count++;
    this.instantMs[to] = this.instantMs[from]!;
    this.arrivalMs[to] = this.arrivalMs[from]!;
    this.user[to] = this.user[from]!;
    this.seq[to] = this.seq[from]!;
    this.offsetMs[to] = this.offsetMs[from]!;
    this.producer[to] = this.producer[from]!;
    this.event[to] = this.event[from]!;
    this.flyer[to] = this.flyer[from]!;
    this.merchant[to] = this.merchant[from]!;
    this.flyerNull[to] = this.flyerNull[from]!;
    this.merchantNull[to] = this.merchantNull[from]!;
    this.fault[to] = 0;
    this.duplicate[to] = 0;
    this.untidy[to] = 0;
    return to;
  }

  /** Row indices in order of arrival, ties as generated. */
  arrivalOrder(): Uint32Array {
    let firstMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.count; i++) firstMs = Math.min(firstMs, this.arrivalMs[i]!);
    const keys = new Float64Array(this.count);
    for (let i = 0; i < this.count; i++) keys[i] = (this.arrivalMs[i]! - firstMs) * INDEX_RADIX + i;
    keys.sort();
    const order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++)
      order[i] = keys[i]! - Math.floor(keys[i]! / INDEX_RADIX) * INDEX_RADIX;
    return order;
  }

  clear(): void {
    this.count = 0;
    this.userIds.length = 0;
  }
}
