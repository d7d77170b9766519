/** The repair of exports as a scheduled DAG: finds what publishers that died left, repairs it once, and says what it did. */
import { cp } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { runLocally } from '../../engine/local-executor.ts';
import { intervalsBetween } from '../../engine/schedule.ts';
import { createLogger } from '../../infra/log.ts';
import { readCatalog } from '../../lake/catalog.ts';
import { CATALOG_KEY, currentKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { repairExports } from '../../pipelines/repair-exports.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { publishDays } from '../support/publish-days.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

const DAYS = ['2018-10-01', '2018-10-02'];
const ROWS = DAYS.flatMap((day) =>
  ['u1', 'u2'].map((user) => ({
    timestamp: `${day}T10:00:00-04:00`,
    ...{ user, event: 'flyer_open', flyer: '1', merchant: '9' },
  })),
);

describe('the repair of exports', () => {
  const temp = useTempDir();

  const template = `${temp.path}/committed/lake`;
  beforeAll(() => publishDays(template, ROWS));

  /** Committed by publishers that died right then: nothing is exported. */
  const committed = async () => {
    const directory = `${temp.fresh()}/lake`;
    await cp(template, directory, { recursive: true, preserveTimestamps: true });
    return openStore(directory);
  };
  const repair = async (lake: ObjectStore, params: Record<string, unknown> = {}) => {
    const services = { lake, drops: lake, scratchDir: temp.fresh(), memoryLimitBytes: 2 ** 28, threads: 1 };
    const lines: string[] = [];
    const log = createLogger({
      level: 'info',
      format: 'json',
      write: (line) => lines.push((JSON.parse(line) as { message: string }).message),
    });
    const summary = await runLocally(repairExports, {
      ...{ day: '2018-10-03', services, params, log, retryDelayMaxMs: 1 },
    });
    return { state: summary.state, lines };
  };

  it('comes every hour, and only the latest when hours were missed', () => {
    const range = { fromDay: '2018-10-01', toDay: '2018-10-01', max: 100 };
    expect(intervalsBetween(repairExports.options, range)).toHaveLength(24);
    expect(repairExports.options.catchup).toBe(false);
  });

  it('brings exports, catalog and feed to the head, says what was wrong, and then has nothing to do', async () => {
    const lake = await committed();
    expect(await listKeys(lake, 'current/')).toEqual([]);
    const first = await repair(lake);
    expect(first.state).toBe('success');
    for (const day of DAYS) {
      for (const { name } of LAKE_TABLES.filter(({ exported }) => exported)) {
        if ((await readSnapshot(lake, name)).version < 0) continue;
        expect(await lake.head(currentKey(name, day, 'csv'))).toBeDefined();
        expect(first.lines).toContain(`csv of ${name} ${day} was missing`);
      }
    }
    expect((await readCatalog(lake))!.tables.length).toBeGreaterThan(3);
    const before = await listEtags(lake);
    const second = await repair(lake);
    expect(second).toEqual({ state: 'success', lines: ['Every export shows the head of its table'] });
    expect(await listEtags(lake)).toEqual(before);
  });

  it('notices what only the catalog does not tell', async () => {
    const lake = await committed();
    await repair(lake);
    await lake.delete(CATALOG_KEY);
    const { lines } = await repair(lake);
    expect(lines).toContain(`catalog of user_day ${DAYS[0]} was missing`);
    expect(await readCatalog(lake)).toBeDefined();
  });

  it('repairs the other days when one cannot be, and fails to tell', async () => {
    const lake = await committed();
    const [file] = filesOfDay(await readSnapshot(lake, 'user_day'), DAYS[0]!);
    await lake.delete(file!.key);
    const { state, lines } = await repair(lake);
    expect(state).toBe('failed');
    expect(lines).toContain(`${DAYS[0]} is not repaired`);
    expect(await lake.head(currentKey('user_day', DAYS[1]!, 'parquet'))).toBeDefined();
  });

  it('may run several at once, and beside each other they write the same', async () => {
    const lake = await committed();
    const ends = await Promise.all([repair(lake), repair(lake), repair(lake)]);
    expect(ends.map(({ state }) => state)).toEqual(['success', 'success', 'success']);
    expect((await repair(lake)).lines).toEqual(['Every export shows the head of its table']);
  });
});

const listEtags = async (lake: ObjectStore) => {
  const etags: string[] = [];
  for await (const { key, etag } of lake.list('current/')) etags.push(`${key} ${etag}`);
  return etags;
};
