/** Seed compat: the original exercise's formula over the drops' rows of a day, beside the tables of the product. */

import { FlyerlineError } from '../infra/errors.ts';
import { claimPartition } from '../lake/claim.ts';
import { commitPartition } from '../lake/commit.ts';
import { openDuck } from '../lake/duckdb.ts';
import { readHeadManifest } from '../lake/manifest.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { keyOrder } from '../lake/write-csv.ts';
import { publishedDay } from './assets.ts';

import { codeVersion } from './code-version.ts';
import { defineTask } from './define-task.ts';
import { EVENT_CODE } from './events.ts';
import { readDayInputs } from './ingest/day-inputs.ts';
import { DEFINITION_VERSION } from './metric-params.ts';
import { openStagedRows } from './open-staged-rows.ts';
import { putTable } from './put-table.ts';
import { setVariables, sqlFile } from './sql-file.ts';
import { CLEAN_EVENTS, SEED_COMPAT } from './tables.ts';

const sql = sqlFile(new URL('./publish-seed-compat.sql', import.meta.url));

/** Of exactly the drops that the day's own tables were made from. */
export const publishSeedCompat = defineTask({
  name: 'publish-seed-compat',
  makes: publishedDay,
  async run({ services, day, scratchDir, runId, attempt }) {
    const { lake } = services;
    const token = await claimPartition(lake, SEED_COMPAT.name, day);
    const inputsKey = await inputsOfPublished(lake, day);
    const inputs = await readDayInputs(lake, inputsKey);
    const duck = await openDuck({ ...services, tempDir: scratchDir });
    try {
      const ofDay = inputs.files.filter((file) => file.day === day);
      await openStagedRows(duck, lake, ofDay, scratchDir);
      const { flyer_open, item_open } = EVENT_CODE;
      await setVariables(duck, { day, flyer_open, item_open });
      await duck.run(sql('average'));
      const file = await putTable(duck, lake, SEED_COMPAT, {
        query: sql('seed_compat'),
        orderBy: keyOrder(SEED_COMPAT),
        ...{ day, tokens: { [SEED_COMPAT.name]: token }, part: '00', params: inputs.params, scratchDir },
      });
      const { rowCount, size } = file;
      const manifest = {
        ...{ table: SEED_COMPAT.name, day, token, definitionVersion: DEFINITION_VERSION },
        ...{ inputsHash: inputs.inputsHash, inputsKey, codeVersion: await codeVersion() },
        params: inputs.params,
        inputs: inputs.drops.map(({ key, etag, size: bytes }) => ({ key, etag, size: bytes })),
        ...{ createdAt: new Date().toISOString(), asOfMs: inputs.asOfMs, rowCount, files: [file] },
        ...{ runId, attempt },
      };
      const commit = { day, token, files: [file], manifest };
      const { outcome, version } = await commitPartition(lake, SEED_COMPAT, commit);
      return { day, tables: [{ table: SEED_COMPAT.name, version, rowCount, size, outcome }] };
    } finally {
      await duck.close();
    }
  },
});

/** Key of what the day's tables were made from. Throws FL_OBJECT_MISSING when they were never made. */
async function inputsOfPublished(lake: ObjectStore, day: string): Promise<string> {
  const manifest = await readHeadManifest(lake, CLEAN_EVENTS.name, day);
  if (manifest?.inputsKey !== undefined) return manifest.inputsKey;
  throw new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Day ${day}`,
    reason: 'is not published, so there are no rows to compare with',
    remedy: `run nightly for ${day} first`,
    retryable: false,
  });
}
