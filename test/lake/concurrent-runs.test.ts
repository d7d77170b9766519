/** Several whole runs of one day at once: one version wins, and the others say that they are fenced or have nothing to do. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLocally } from '../../engine/local-executor.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { loadConfig } from '../../infra/config.ts';
import { partitionHistory } from '../../lake/history.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { findStaleExports } from '../../lake/reconcile-current.ts';
import { verifyTable } from '../../lake/verify.ts';
import { nightly } from '../../pipelines/nightly.ts';
import { closeServices, createServices } from '../../pipelines/services.ts';
import type { Services } from '../../tasks/services.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';

describe('runs of one day at once', () => {
  const temp = useTempDir();

  /** A lake, drops, and a way to put another drop of one row. */
  const open = async () => {
    const directory = temp.fresh();
    const drops = join(directory, 'drops');
    mkdirSync(drops);
    const config = loadConfig({
      ...{ lake: join(directory, 'lake'), drops, scratchDir: join(directory, 'scratch') },
      ...{ memoryLimitBytes: 2 ** 27, threads: 1 },
    });
    const services = await createServices(config);
    const put = (user: string) =>
      writeFileSync(join(drops, `${user}.csv`), `${HEADER}\n${DAY}T10:00:00-04:00,${user},flyer_open,1,9\n`);
    return { services, put };
  };
  const run = (services: Services) => runLocally(nightly, { day: DAY, services, retryDelayMaxMs: 1 });

  it.each([2, 16])(
    'of %i, one makes the version, and all others find it or give way',
    async (count) => {
      const { services, put } = await open();
      put('u1');
      const ends = await Promise.all(Array.from({ length: count }, () => run(services)));
      for (const end of ends) expect(whyFailed(end)).toEqual([]);
      expect(ends.some(({ state }) => state === 'success')).toBe(true);
      for (const { name } of PUBLISHED_TABLES) {
        const versions = await partitionHistory(services.lake, name, DAY);
        expect([name, versions.filter(({ kind }) => kind === 'publish').length]).toEqual([name, 1]);
      }
      await expectInOrder(services.lake);
      expect((await run(services)).state).toBe('success');
      await closeServices(services);
    },
    180_000,
  );

  it('never end with an older listing of the drops, whoever is slower', async () => {
    const { services, put } = await open();
    put('u1');
    const early = Array.from({ length: 4 }, () => run(services));
    await early[0];
    put('u2');
    const late = Array.from({ length: 4 }, () => run(services));
    for (const end of await Promise.all([...early, ...late])) expect(whyFailed(end)).toEqual([]);
    const manifest = await readHeadManifest(services.lake, 'user_day', DAY);
    expect(manifest).toMatchObject({ rowCount: 2 });
    expect(manifest!.inputs).toHaveLength(2);
    await expectInOrder(services.lake);
    await closeServices(services);
  }, 180_000);
});

/** Errors of tasks, but those that tell that a newer run was first. */
function whyFailed({ tasks }: RunSummary): readonly string[] {
  return tasks.flatMap(({ taskId, error }) =>
    error === undefined || error.code === 'FL_FENCED' ? [] : [`${taskId}: ${error.message}`],
  );
}

async function expectInOrder(lake: ObjectStore): Promise<void> {
  for (const schema of PUBLISHED_TABLES) {
    expect(await findStaleExports(lake, schema)).toEqual([]);
    for await (const { findings } of verifyTable(lake, schema.name, { exported: schema.exported })) {
      expect(findings).toEqual([]);
    }
  }
}
