/** How a generated row is written in each format. */
import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '../../tasks/events.ts';
import { EventBatch, FAULTS } from '../../tasks/generate/event-batch.ts';
import { MIXED_PRODUCERS, type Producer, singleProducer } from '../../tasks/generate/producers.ts';
import { rowWriter } from '../../tasks/generate/row-text.ts';
import { TextBuffer } from '../../tasks/generate/text-buffer.ts';
import { idOf, isSpelledNull, parseDrop } from './read-drops.ts';

const VARIANTS = 60;
const REASONS = {
  none: undefined,
  bad_timestamp: 'bad_row',
  timestamp_without_offset: 'bad_row',
  truncated: 'bad_row',
  missing_user: 'no_user',
  unknown_event: 'unknown_event',
} as const;

const producers = [
  ...MIXED_PRODUCERS,
  singleProducer('csv'),
  singleProducer('ndjson'),
  singleProducer('xml'),
];

describe.each(producers.map((producer) => [`${producer.name}.${producer.shape}`, producer] as const))(
  'rows of %s',
  (_, producer) => {
    it.each(Object.entries(REASONS))('read as what they are: %s', (fault, reason) => {
      if (fault === 'truncated' && (producer.shape === 'json' || producer.shape === 'xml')) return;
      const batch = aBatch(fault);
      const rows = range(VARIANTS).map((row) => readBack(producer, batch, row));
      expect(rows.map((row) => row.fault)).toEqual(range(VARIANTS).map(() => reason));
    });

    it('keep instants, users and ids, and spell nulls as nulls', () => {
      const batch = aBatch('none');
      for (const row of range(VARIANTS)) {
        const read = readBack(producer, batch, row);
        expect(read.instantMs).toBe(batch.instantMs[row]);
        expect(read.fields.user_id).toBe('a'.repeat(64));
        expect(idOf(read.fields.flyer_id)).toBe(batch.flyer[row] === 0 ? '' : `${batch.flyer[row]}`);
        expect(isSpelledNull(read.fields.flyer_id)).toBe(batch.flyerNull[row] !== 0);
        expect(idOf(read.fields.merchant_id)).toBe('');
      }
    });
  },
);

/** Rows that differ in all that chooses a variant of text. */
function aBatch(fault: string): EventBatch {
  const batch = new EventBatch(VARIANTS);
  const user = batch.addUser('a'.repeat(64));
  for (const row of range(VARIANTS)) {
    batch.user[row] = user;
    batch.seq[row] = row;
    batch.instantMs[row] = Date.parse('2018-10-01T23:59:00Z') + row * 1000 + (row % 2) * 7;
    batch.arrivalMs[row] = batch.instantMs[row]! + 1000;
    batch.offsetMs[row] = (row % 3) * -5_400_000;
    batch.event[row] = EVENT_CODE.item_open;
    batch.flyer[row] = row % 2 === 0 ? 2_016_315 : 0;
    batch.flyerNull[row] = row % 2 === 0 ? 0 : row % 8;
    batch.fault[row] = FAULTS.indexOf(fault as (typeof FAULTS)[number]);
    batch.count++;
  }
  return batch;
}

function readBack(producer: Producer, batch: EventBatch, row: number) {
  const out = new TextBuffer(4096);
  rowWriter(producer)(out, batch, row);
  const text = out.take().toString('latin1');
  const whole = {
    csv: `${producer.fields.join(',')}\n${text}\n`,
    ndjson: `${text}\n`,
    json: `{"events": [${text}]}`,
    xml: `<events>${text}</events>`,
  }[producer.shape];
  const rows = parseDrop(`d/x.${producer.shape}`, whole);
  expect(rows, text).toHaveLength(1);
  return rows[0]!;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
