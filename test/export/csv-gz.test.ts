/** `.csv.gz` beside `.csv`: only where it is asked for, always the same bytes, and never left behind. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../lake/catalog.ts';
import type { StaleExport } from '../../lake/reconcile-current.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const WITH_GZ = { env: { FLYERLINE_EXPORT_CSV_GZ: 'true' } };

describe('.csv.gz', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const csv = join(lake, `current/csv/user_day/dt=${DAY}/user_day.csv`);
  const gz = `${csv}.gz`;

  const repair = async (options = {}) => {
    const { stale } = await flyerlineJson<{ stale: StaleExport[] }>(
      ['partitions', 'repair', '--lake', lake],
      options,
    );
    return stale.map(({ format, state }) => `${format} ${state}`);
  };

  beforeAll(async () => {
    const event = { user: 'ada', event: 'flyer_open', flyer: '1', merchant: '9' };
    const rows = ['10:00:00', '10:00:30'].map((time) => ({ timestamp: `${DAY}T${time}-04:00`, ...event }));
    await publishDays(lake, rows, { exported: true });
  });

  it('is not there unless asked for', async () => {
    expect(existsSync(csv)).toBe(true);
    expect(existsSync(gz)).toBe(false);
    expect(await repair()).toEqual([]);
  });

  it('is made for days that are published already when it is asked for', async () => {
    expect(new Set(await repair(WITH_GZ))).toEqual(new Set(['csv.gz missing']));
    expect(await repair(WITH_GZ)).toEqual([]);
    expect(gunzipSync(await readFile(gz))).toEqual(await readFile(csv));
    const catalog = JSON.parse(await readFile(join(lake, 'current/catalog.json'), 'utf8')) as Catalog;
    const [partition] = catalog.tables.find(({ name }) => name === 'user_day')!.partitions;
    expect(partition!.files['csv.gz']?.key).toBe(`current/csv/user_day/dt=${DAY}/user_day.csv.gz`);
  });

  it('carries neither a time nor a name, and is made again with the same bytes, asked for or not', async () => {
    const before = await readFile(gz);
    // RFC 1952: flags, and the four bytes of the modification time.
    expect([...before.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
    await rm(gz);
    expect(await repair()).toEqual(['csv.gz missing']);
    expect(await readFile(gz)).toEqual(before);
  });

  it('is brought to the head, asked for or not, when it shows an older version', async () => {
    const path = join(lake, `current/csv/user_day/dt=${DAY}/_user_day.csv.gz.json`);
    const state = JSON.parse(await readFile(path, 'utf8')) as { token: string; source: string };
    await writeFile(path, JSON.stringify({ ...state, token: '0'.repeat(20), source: 'other files' }));
    expect(await repair()).toEqual(['csv.gz old']);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      token: state.token,
      source: state.source,
    });
  });

  it('is verified like every export', async () => {
    expect((await flyerline(['verify', '--lake', lake])).exitCode).toBe(0);
    const before = await readFile(gz);
    await writeFile(gz, before.subarray(0, -1));
    const { exitCode, stdout } = await flyerline(['verify', '--lake', lake]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('user_day.csv.gz');
    await rm(gz);
    await repair();
    expect(await readFile(gz)).toEqual(before);
  });
});
