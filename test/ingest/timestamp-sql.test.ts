/** Timestamps by SQL and by TypeScript are the same. */
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { sqlString } from '../../lake/duckdb.ts';
import { parseTimestamp } from '../../tasks/ingest/parse/timestamp.ts';
import { openLanes } from '../../tasks/ingest/stage/lanes.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();
const lanes = openLanes({
  memoryLimitBytes: 256 << 20,
  threads: 1,
  scratchDir: temp.path,
  params: { report_tz: 'event', max_future_s: 300 },
  signal: new AbortController().signal,
});
afterAll(() => lanes.close());

const WELL_FORMED = [
  '2018-10-01T13:54:59-04:00',
  '2018-10-01T13:54:59+05:45',
  '2018-10-01T03:54:59Z',
  '2018-10-01T23:59:59.123456-04:00',
  '2018-10-01T23:59:59.9996Z',
  '1971-01-01T00:00:00+12:00',
  '9998-12-31T23:59:59.999-18:00',
  '2000-02-29T24:00:00Z',
];
const ALPHABET = [..."0123456789:-+.TZ zeBC\t'()é٣/"];
const mutated = fc
  .tuple(
    fc.constantFrom(...WELL_FORMED),
    fc.array(fc.tuple(fc.nat(40), fc.nat(3), fc.constantFrom(...ALPHABET)), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, edits]) =>
    edits.reduce((result, [at, edit, character]) => {
      const place = at % (result.length + 1);
      const tail = result.slice(edit === 0 ? place : place + 1);
      return result.slice(0, place) + (edit === 1 ? '' : character) + tail;
    }, text),
  );

it('takes in SQL exactly the timestamps that it takes in TypeScript, for the same times', async () => {
  const texts = fc.sample(mutated, 30_000);
  const { done } = await lanes.start((duck) =>
    duck.rows<{ text: string; instantMs: number; wallMs: number; isTime: boolean }>(
      `SELECT text, instant_ms::DOUBLE AS "instantMs", wall_ms::DOUBLE AS "wallMs", is_time(instant_ms, wall_ms) AS "isTime"
       FROM (SELECT text, epoch_ms(try_cast(iso AS TIMESTAMPTZ)) AS instant_ms, epoch_ms(try_cast(iso AS TIMESTAMP)) AS wall_ms
         FROM (SELECT text, iso_time(text) AS iso FROM (SELECT unnest([${texts.map(sqlString).join(', ')}]) AS text)))`,
    ),
  );
  const rows = await done;
  expect(rows).toHaveLength(texts.length);
  for (const { text, instantMs, wallMs, isTime } of rows) {
    expect([text, isTime ? { instantMs, wallMs } : undefined]).toEqual([text, parseTimestamp(text)]);
  }
  expect(rows.filter(({ isTime }) => isTime).length).toBeGreaterThan(500);
});
