/** A row as its producer writes it: CSV, JSON or XML, and mangled when the row is a faulty one. */
import { EVENT_NAMES } from '../events.ts';
import { type EventBatch, FAULTS } from './event-batch.ts';
import type { DropShape, FieldName, Producer } from './producers.ts';
import type { TextBuffer } from './text-buffer.ts';
import { putOffset, putTimestamp } from './timestamp-text.ts';

/** Writes one row of a batch, without what stands between rows. */
export type RowWriter = (out: TextBuffer, batch: EventBatch, row: number) => void;

const BAD_TIMESTAMPS = [
  'garbage',
  '',
  '2018-10-01',
  '2018-13-41T25:61:00-04:00',
  '1 Oct 2018 13:05',
  '1538400000',
];
const UNKNOWN_EVENTS = ['page_ping', 'app_start', 'flyer_scroll', ''];
const TRUNCATED = FAULTS.indexOf('truncated');

export function rowWriter(producer: Producer): RowWriter {
  const { shape, nullSpellings } = producer;
  return WRITERS[shape]({ ...producer, nullSpellings: nullSpellings.map(ESCAPES[shape]) });
}

/** What needs escaping is only ever a spelled null; every other value is plain by its making. */
const ESCAPES: Record<DropShape, (text: string) => string> = {
  csv: (text) => text,
  ndjson: (text) => JSON.stringify(text).slice(1, -1),
  json: (text) => JSON.stringify(text).slice(1, -1),
  xml: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
};

const WRITERS: Record<DropShape, (producer: Producer) => RowWriter> = {
  csv: (producer) => {
    const { fields, quoted } = producer;
    const quote = quoted ? '"' : '';
    return (out, batch, row) => {
      for (let column = 0; column < fields.length; column++) {
        const name = fields[column]!;
        // Cut off before the timestamp is whole, so that no reading of the rest gives an event, and never inside
        // quotes, which would swallow the rows that follow.
        if (name === 'timestamp' && batch.fault[row] === TRUNCATED) {
          if (column === 0) out.put('2018-10-01T1'.slice(0, 3 + (batch.seq[row]! % 10)));
          return;
        }
        out.put(column === 0 ? quote : `,${quote}`);
        if (!isLeftOut(batch, row, name)) putValue(out, batch, row, name, producer);
        out.put(quote);
      }
    };
  },
  ndjson: (producer) => {
    const write = jsonWriter(producer, (name, first) => `${first ? '{' : ','}"${name}":`, true);
    return (out, batch, row) => {
      const start = out.length;
      write(out, batch, row);
      if (batch.fault[row] === TRUNCATED) out.length = start + 20 + (batch.seq[row]! % 40);
    };
  },
  json: (producer) => jsonWriter(producer, (name, first) => `${first ? '{' : ', '}"${name}": `, false),
  xml: (producer) => (out, batch, row) => {
    out.put(producer.children ? '<event>' : '<event');
    for (const name of producer.fields) {
      if (isLeftOut(batch, row, name)) continue;
      out.put(producer.children ? `<${name}>` : ` ${name}="`);
      putValue(out, batch, row, name, producer);
      out.put(producer.children ? `</${name}>` : '"');
    }
    out.put(producer.children ? '</event>' : '/>');
  },
};

function jsonWriter(
  producer: Producer,
  key: (name: FieldName, first: boolean) => string,
  writesNull: boolean,
): RowWriter {
  const keys = producer.fields.map((name, i) => ({ name, text: key(name, i === 0) }));
  return (out, batch, row) => {
    for (const { name, text } of keys) {
      const leftOut = isLeftOut(batch, row, name);
      if (leftOut && !writesNull) continue;
      const bare = leftOut || name === 'seq' || (producer.numericIds === true && isKnownId(batch, row, name));
      out.put(bare ? text : `${text}"`);
      if (leftOut) out.put('null');
      else putValue(out, batch, row, name, producer);
      if (!bare) out.put('"');
    }
    out.put('}');
  };
}

function isLeftOut(batch: EventBatch, row: number, name: FieldName): boolean {
  if (name === 'flyer_id') return batch.flyer[row] === 0 && batch.flyerNull[row] === 0;
  return name === 'merchant_id' && batch.merchant[row] === 0 && batch.merchantNull[row] === 0;
}

function isKnownId(batch: EventBatch, row: number, name: FieldName): boolean {
  return (
    (name === 'flyer_id' && batch.flyer[row] !== 0) || (name === 'merchant_id' && batch.merchant[row] !== 0)
  );
}

function putValue(
  out: TextBuffer,
  batch: EventBatch,
  row: number,
  name: FieldName,
  producer: Producer,
): void {
  const fault = FAULTS[batch.fault[row]!];
  const seq = batch.seq[row]!;
  switch (name) {
    case 'timestamp':
      if (fault === 'bad_timestamp') {
        out.put(BAD_TIMESTAMPS[seq % BAD_TIMESTAMPS.length]!);
        return;
      }
      putTimestamp(out, batch.instantMs[row]! + batch.offsetMs[row]!, producer.millis);
      if (fault !== 'timestamp_without_offset') putOffset(out, batch.offsetMs[row]!);
      return;
    case 'user_id':
      out.put(fault === 'missing_user' ? '' : batch.userIds[batch.user[row]!]!);
      return;
    case 'event': {
      if (fault === 'unknown_event') {
        out.put(UNKNOWN_EVENTS[seq % UNKNOWN_EVENTS.length]!);
        return;
      }
      const event = EVENT_NAMES[batch.event[row]!]!;
      out.put(batch.untidy[row] === 1 ? ` ${event.toUpperCase()}` : event);
      return;
    }
    case 'flyer_id':
      out.put(idText(batch.flyer[row]!, batch.flyerNull[row]!, producer));
      return;
    case 'merchant_id':
      out.put(idText(batch.merchant[row]!, batch.merchantNull[row]!, producer));
      return;
    case 'event_id':
      out.put(`${batch.userIds[batch.user[row]!]!.slice(0, 16)}-${seq.toString(36)}`);
      return;
    case 'seq':
      out.put(`${seq}`);
      return;
    case 'received_at':
      putTimestamp(out, batch.arrivalMs[row]!, true);
      putOffset(out, 0);
      return;
  }
}

function idText(id: number, spelling: number, { nullSpellings }: Producer): string {
  return id === 0 ? nullSpellings[(spelling - 1) % nullSpellings.length]! : `${id}`;
}
