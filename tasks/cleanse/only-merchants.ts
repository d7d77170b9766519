/** Gap filling (R3): the merchant that a local day's events name for a flyer, over all buckets, if they name exactly one. */
import { join } from 'node:path';
import { isFlyerlineError } from '../../infra/errors.ts';
import { type Duck, sqlString, writeParquet } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { DayInputs } from '../refs.ts';
import { onlyMerchantKey } from '../scratch-keys.ts';
import { sqlFile } from '../sql-file.ts';
import { openAllRows } from './bucket-rows.ts';

const sql = sqlFile(new URL('./only-merchants.sql', import.meta.url));

/**
 * Creates the table `only_merchant`. It is empty when nothing has to be filled; else it is made from all buckets, once: the first
 * bucket that needs it leaves it in the lake for the others (two may make it at the same time; they make the same).
 */
export async function openOnlyMerchants(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  scratchDir: string,
): Promise<void> {
  if (!inputs.params.fill_merchant || !(await hasGaps(duck))) return duck.run(sql('none'));
  const key = onlyMerchantKey(inputs.day, inputs.inputsHash);
  const isShared = inputs.buckets > 1;
  const known = isShared ? await fetchIfThere(store, key, scratchDir) : undefined;
  if (known !== undefined) {
    return duck.run(`CREATE TEMP TABLE only_merchant AS FROM read_parquet(${sqlString(known)})`);
  }
  await openAllRows(duck, store, inputs, scratchDir);
  await duck.run(sql('from rows'));
  if (!isShared) return;
  const path = join(scratchDir, 'only-merchant.parquet');
  await writeParquet(duck, { query: 'FROM only_merchant', orderBy: ['day_no', 'flyer_id'], path });
  await store.putFile(key, path);
}

async function hasGaps(duck: Duck): Promise<boolean> {
  const [gaps] = await duck.rows<{ any: boolean }>(sql('gaps'));
  return gaps?.any === true;
}

async function fetchIfThere(store: ObjectStore, key: string, intoDir: string): Promise<string | undefined> {
  try {
    return await store.fetchFile(key, intoDir);
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  }
}
