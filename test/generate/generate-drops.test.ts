/** Generated drops: the same seed gives the same bytes, and every kind of dirt is there. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { dropKeys, readText } from './read-drops.ts';

const temp = useTempDir();

describe('generateDrops', () => {
  let out: string;
  let truth: Truth;
  beforeAll(async () => {
    out = temp.fresh();
    truth = await generateDrops({ out, days: 2, users: 300, seed: 7 });
  });

  it('writes the same bytes for the same options, and others for another seed', async () => {
    const [again, other] = [temp.fresh(), temp.fresh()];
    await generateDrops({ out: again, days: 2, users: 300, seed: 7 });
    await generateDrops({ out: other, days: 2, users: 300, seed: 8 });
    expect(fingerprints(again)).toEqual(fingerprints(out));
    expect(fingerprints(other)).not.toEqual(fingerprints(out));
  });

  it('records every drop with its rows and bytes, and nothing else', () => {
    expect(truth.drops.map(({ key }) => key)).toEqual(dropKeys(join(out, 'drops')));
    for (const { key, bytes } of truth.drops) {
      expect(readFileSync(join(out, 'drops', key)).length, key).toBe(bytes);
    }
    expect(truth.drops.reduce((sum, { rows }) => sum + rows, 0)).toBe(truth.totals.rows_read);
    expect(JSON.parse(readFileSync(join(out, 'truth.json'), 'utf8'))).toEqual(truth);
  });

  it('sends every shape and codec that the pipeline reads', () => {
    const formats = new Set(truth.drops.map(({ key }) => key.replace(/^[^.]*\./, '')));
    expect([...formats].sort()).toEqual(['csv', 'csv.gz', 'csv.zst', 'json', 'ndjson.gz', 'xml', 'xml.gz']);
  });

  it('marks the days it was asked for as complete, and not the one that sessions spill into', () => {
    const complete = (day: string) => existsSync(join(out, 'drops', day, '_SUCCESS'));
    expect(['2018-10-01', '2018-10-02', '2018-10-03'].map(complete)).toEqual([true, true, false]);
  });

  it('replaces an earlier generation, and refuses drops that it did not make', async () => {
    await generateDrops({ out, days: 2, users: 300, seed: 7 });
    const foreign = temp.fresh();
    mkdirSync(join(foreign, 'drops'));
    writeFileSync(join(foreign, 'drops', 'precious.csv'), 'a\n');
    await expect(generateDrops({ out: foreign, days: 1, users: 1 })).rejects.toMatchObject({
      code: 'FL_USAGE',
    });
    expect(readdirSync(join(foreign, 'drops'))).toEqual(['precious.csv']);
  });

  it('names the option that does not fit', async () => {
    const wrong = generateDrops({ out: temp.fresh(), days: 0 });
    await expect(wrong).rejects.toMatchObject({
      code: 'FL_USAGE',
      subject: 'Option "days" of the generator',
    });
    await expect(generateDrops({ out: temp.fresh(), start: '2018-02-30' })).rejects.toThrow(
      'no day of the calendar',
    );
  });

  it('stops between two batches when told to', async () => {
    const stopped = generateDrops({ out: temp.fresh(), days: 2, users: 50 }, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('generateDrops with one format and a number of events', () => {
  it.each(['csv', 'csv.gz', 'csv.zst', 'ndjson', 'ndjson.gz', 'json', 'xml'] as const)(
    'writes %s drops with the rows asked for, give or take a session',
    async (format) => {
      const out = temp.fresh();
      const truth = await generateDrops({ out, days: 1, events: 4000, format });
      expect(truth.totals.rows_read).toBeGreaterThanOrEqual(4000);
      expect(truth.totals.rows_read).toBeLessThan(4200);
      expect(truth.drops.every(({ key }) => key.endsWith(`.${format}`))).toBe(true);
    },
  );

  it('hands the same text to every codec', async () => {
    const outs = await Promise.all(
      (['csv', 'csv.gz', 'csv.zst'] as const).map(async (format) => {
        const out = temp.fresh();
        await generateDrops({ out, days: 1, events: 2000, format });
        return dropKeys(join(out, 'drops')).map((key) => readText(join(out, 'drops', key)));
      }),
    );
    expect(outs[1]).toEqual(outs[0]);
    expect(outs[2]).toEqual(outs[0]);
  });
});

function fingerprints(out: string): string[] {
  return readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map(
      (path) => `${path.slice(out.length)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`,
    )
    .sort();
}
