/** Drops that are read as streams: staged in several chunks, whole or not at all, also by a process that dies. */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useTempDir } from '../support/temp-dir.ts';
import { changedStore } from './changed-store.ts';
import { csv, type DropZone, openDropZone, row } from './drop-zone.ts';

const temp = useTempDir();
let zone: DropZone;
const open = async () => {
  zone = await openDropZone(temp.path);
};
afterEach(() => zone?.close());

const DAY = '2018-10-01';
const ROWS = 160_000;
let text: string;
let compressed: Buffer;
beforeAll(() => {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    if (i % 40_000 === 39_999) return `broken row ${i}`;
    const user = createHash('sha256').update(`u${i}`).digest('hex');
    return row(`${DAY}T10:00:00-04:00`, user, 'flyer_open', `${i % 977},${i % 31}`);
  });
  text = csv(rows.join('\n'));
  compressed = gzipSync(text, { level: 1 });
});

describe('a large drop', () => {
  it('is staged row for row, compressed or not, however small the chunks', async () => {
    const expected = { rowsRead: ROWS, rejectedLines: [40_001, 80_001, 120_001, 160_001] };
    for (const [key, content] of [
      [`${DAY}.csv`, text],
      [`${DAY}.csv.gz`, compressed],
    ] as const) {
      await open();
      await zone.put(key, content);
      const { inputs } = await zone.ingest(DAY, {}, { memoryLimitBytes: 64 << 20 });
      const rejectedLines = (await zone.rejects(inputs)).map(({ line }) => line);
      expect({ rowsRead: inputs.rowsRead, rejectedLines }, key).toEqual(expected);
      expect(inputs.files.length, key).toBeGreaterThan(1);
      const lines = (await zone.events(inputs)).map(({ line }) => line).sort((a, b) => a - b);
      expect(lines.length, key).toBe(ROWS - 4);
      expect(new Set(lines).size, key).toBe(ROWS - 4);
      await zone.close();
    }
  });

  it('that breaks off keeps none of the rows before the break', async () => {
    expect(compressed.length).toBeGreaterThan(4 << 20);
    await open();
    await zone.put(`${DAY}/cut.csv.gz`, compressed.subarray(0, -100));
    await zone.put(`${DAY}/good.csv`, csv(row(`${DAY}T10:00:00-04:00`, 'good')));
    const { inputs } = await zone.ingest(DAY);
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['good']);
    expect((await zone.rejects(inputs)).map(({ source, reason }) => [source, reason])).toEqual([
      [`${DAY}/cut.csv.gz`, 'unreadable_drop'],
    ]);
  });

  it('that is replaced while it is read counts as it is then', async () => {
    await open();
    await zone.put('small.csv', csv(row(`${DAY}T10:00:00-04:00`, 'old')));
    await zone.put('large.csv', text);
    const { drops, lake, put } = zone;
    let isReplaced = false;
    const changing = changedStore(drops, {
      async get(key) {
        if (!isReplaced) await put('small.csv', csv(row(`${DAY}T10:00:00-04:00`, 'new')));
        isReplaced = true;
        return drops.get(key);
      },
    });
    const other = await openDropZone(temp.path, { drops: changing, lake });
    const { inputs } = await other.ingest(DAY);
    expect(isReplaced).toBe(true);
    expect(inputs.rowsRead).toBe(ROWS + 1);
    expect((await zone.events(inputs)).filter(({ user_id }) => user_id.length < 64)).toMatchObject([
      { user_id: 'new' },
    ]);
  });

  it('whose run is cancelled in the middle ends with the reason, and counts for nothing', async () => {
    await open();
    await zone.put(`${DAY}.csv`, text);
    const { drops, lake } = zone;
    const cancel = new AbortController();
    const cancelling = changedStore(lake, {
      putFile: async (key, path, condition) => {
        cancel.abort(new Error('cancelled by hand'));
        return lake.putFile(key, path, condition);
      },
    });
    const other = await openDropZone(temp.path, { drops, lake: cancelling });
    await expect(
      other.ingest(DAY, {}, { signal: cancel.signal, memoryLimitBytes: 64 << 20 }),
    ).rejects.toThrow('cancelled by hand');
    expect(await zone.keys('stage/batches/')).toEqual([]);
  });

  it('whose process is killed in the middle is staged by the next one, once', async () => {
    await open();
    await zone.put(`${DAY}.csv.gz`, compressed);
    const child = fork(new URL('./ingest-child.ts', import.meta.url), [
      zone.drops.url,
      zone.lake.url,
      DAY,
      temp.fresh(),
    ]);
    const exited = once(child, 'exit');
    await Promise.race([once(child, 'message'), exited]);
    child.kill('SIGKILL');
    await exited;
    expect(child.signalCode).toBe('SIGKILL');
    expect((await zone.keys('stage/')).length).toBeGreaterThan(0);
    expect(await zone.keys('stage/batches/')).toEqual([]);
    const { inputs } = await zone.ingest(DAY, {}, { memoryLimitBytes: 64 << 20 });
    expect(inputs.rowsRead).toBe(ROWS);
    expect(new Set((await zone.events(inputs)).map(({ line }) => line)).size).toBe(ROWS - 4);
  });
});
