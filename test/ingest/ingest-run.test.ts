/** What ingest passes on to the run: claims, references, and whether there is anything to do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitPartition } from '../../lake/commit.ts';
import { publishCurrent } from '../../lake/current.ts';
import { sha256File } from '../../lake/sha256.ts';
import type { IngestedDay } from '../../tasks/ingest/ingest-day.ts';
import { CLEAN_EVENTS, PUBLISHED_TABLES, USER_DAY } from '../../tasks/tables.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, row, useDropZone } from './drop-zone.ts';

const temp = useTempDir();
const zone = useDropZone(temp.path);

const DAY = '2018-10-01';
const at = (clock: string) => `${DAY}T${clock}-04:00`;

describe('what a run passes on', () => {
  it('are claims of every table and a reference per bucket', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const { refs, inputsKey, isUpToDate } = await zone.ingest(DAY, {}, { tables: PUBLISHED_TABLES });
    expect(isUpToDate).toBe(false);
    expect(refs).toHaveLength(1);
    expect(refs[0]).toMatchObject({ inputsKey, day: DAY, bucket: 0, buckets: 1 });
    expect(Object.keys(refs[0]!.tokens).sort()).toEqual(PUBLISHED_TABLES.map(({ name }) => name).sort());
    expect(refs[0]!.tokens.user_day).toBe('00000000000000000001');
  });

  it('stops when it is told to, leaving nothing that counts', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const stopped = AbortSignal.abort(new Error('stop'));
    await expect(zone.ingest(DAY, {}, { signal: stopped })).rejects.toThrow('stop');
    expect(await zone.keys('stage/batches/')).toEqual([]);
  });
});

describe('a day is up to date', () => {
  const tables = [CLEAN_EVENTS, USER_DAY];
  const ingest = (options: { knownAtMs?: number } = {}) => zone.ingest(DAY, {}, { tables, ...options });

  it('when all tables are committed from its inputs and current/ shows them, and not before', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const first = await ingest();
    expect(first.isUpToDate).toBe(false);
    await commit(first, 'clean_events');
    expect((await ingest()).isUpToDate).toBe(false);
    await commit(first, 'user_day');
    expect((await ingest()).isUpToDate).toBe(false);
    await publish('parquet');
    expect((await ingest()).isUpToDate).toBe(false);
    await publish('csv');
    expect((await ingest()).isUpToDate).toBe(true);

    await zone.put('late.csv', csv(row(at('11:00:00'), 'u2')));
    expect((await ingest()).isUpToDate).toBe(false);
  });

  it('as long as it does not become final: then the same drops have something to do, once', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const nightAfter = { knownAtMs: Date.parse('2018-10-02T07:15:00Z') };
    const twoNightsAfter = { knownAtMs: Date.parse('2018-10-04T07:15:00Z') };
    const first = await ingest(nightAfter);
    expect(first.inputs.status).toBe('provisional');
    await commitAll(first);
    expect((await ingest(nightAfter)).isUpToDate).toBe(true);
    const second = await ingest(twoNightsAfter);
    expect(second).toMatchObject({ isUpToDate: false, inputs: { status: 'final' } });
    await commitAll(second);
    expect((await ingest(twoNightsAfter)).isUpToDate).toBe(true);
    expect((await ingest({ knownAtMs: Date.parse('2026-01-01T00:00:00Z') })).isUpToDate).toBe(true);
  });

  it('and one that was published is emptied when its drops no longer hold it', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    await commit(await ingest(), 'clean_events');
    await zone.put('d.csv', csv(row('2018-10-07T10:00:00Z', 'u1')));
    expect(await ingest()).toMatchObject({
      isUpToDate: false,
      inputs: { rowsRead: 0, files: [], buckets: 1 },
    });
  });

  async function commitAll(day: IngestedDay): Promise<void> {
    await commit(day, 'clean_events');
    await commit(day, 'user_day');
    await publish('parquet');
    await publish('csv');
  }

  async function commit({ inputs, refs }: IngestedDay, table: 'clean_events' | 'user_day'): Promise<void> {
    const token = refs[0]!.tokens[table]!;
    const schema = tables.find(({ name }) => name === table)!;
    await commitPartition(zone.lake, schema, {
      day: DAY,
      token,
      files: [],
      manifest: {
        table,
        day: DAY,
        token,
        inputsHash: inputs.inputsHash,
        codeVersion: inputs.codeVersion,
        definitionVersion: 'dwell-1',
        params: inputs.params,
        inputs: [],
        rowCount: 0,
        files: [],
        runId: 'test',
        attempt: 1,
        createdAt: '2018-10-02T00:00:00Z',
        asOfMs: inputs.asOfMs,
      },
    });
  }

  async function publish(format: 'parquet' | 'csv'): Promise<void> {
    await publishCurrent(zone.lake, USER_DAY, {
      day: DAY,
      format,
      build: async () => {
        mkdirSync(join(temp.path, 'built'), { recursive: true });
        const path = join(temp.path, 'built', `user_day.${format}`);
        writeFileSync(path, 'empty');
        return { path, rowCount: 0, ...(await sha256File(path)) };
      },
    });
  }
});
