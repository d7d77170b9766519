/** A batch without the drops that no longer count: its staged rows, filtered. Drops that are gone could not be read again. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFlyerlineError } from '../../../infra/errors.ts';
import { type Duck, sqlString } from '../../../lake/duckdb.ts';
import type { ObjectStore } from '../../../lake/object-store.ts';
import type { RejectedFile, StagedFile } from '../../refs.ts';
import {
  putStageBatch,
  rejectedFileKey,
  type StageBatch,
  type StagedDrop,
  splitBatchId,
  stagedFileKey,
} from '../stage-batch-doc.ts';

/** `dir` is removed. Resolves to the batch that supersedes this one. */
export async function splitBatch(
  duck: Duck,
  lake: ObjectStore,
  batch: StageBatch,
  drops: readonly StagedDrop[],
  dir: string,
): Promise<StageBatch> {
  const srcs = drops.map(({ src }) => src);
  const begunAtMs = Date.now();
  const id = splitBatchId(batch.batch, srcs, begunAtMs);
  const numbers = drops.map(({ dropNo }) => dropNo).join(', ');
  await mkdir(dir, { recursive: true });
  try {
    const files: StagedFile[] = [];
    for (const [part, file] of batch.files.entries()) {
      const key = stagedFileKey(id, part, file);
      const ranges = await filter(duck, lake, file.key, key, numbers, join(dir, `${part}.parquet`), RANGES);
      if (ranges.rowCount > 0) files.push({ ...file, ...ranges, key });
    }
    const rejected: RejectedFile[] = [];
    for (const [part, { key: from, day }] of batch.rejected.entries()) {
      const key = rejectedFileKey(id, day);
      const path = join(dir, `rejected-${part}.parquet`);
      const { rowCount } = await filter(duck, lake, from, key, numbers, path, COUNT);
      if (rowCount > 0) rejected.push({ key, day, rowCount });
    }
    const split = { ...batch, batch: id, supersedes: [batch.batch], drops, files, rejected };
    return await putStageBatch(lake, split, begunAtMs);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const COUNT = 'count(*)::DOUBLE AS "rowCount"';
const RANGES = `${COUNT}, min(local_ms)::DOUBLE AS "minLocalMs", max(local_ms)::DOUBLE AS "maxLocalMs",
  min(instant_ms)::DOUBLE AS "minInstantMs", max(instant_ms)::DOUBLE AS "maxInstantMs"`;

type Ranges = Omit<StagedFile, 'key' | 'day' | 'bucket' | 'buckets'>;

/** Puts the rows of these drops as another object, unless there are none. */
async function filter(
  duck: Duck,
  lake: ObjectStore,
  from: string,
  to: string,
  dropNos: string,
  path: string,
  summary: string,
): Promise<Ranges> {
  const source = await lake.fetchFile(from, `${path}.source`);
  await duck.run(`COPY (FROM read_parquet(${sqlString(source)}) WHERE drop_no IN (${dropNos}))
    TO ${sqlString(path)} (FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 1)`);
  const [found] = await duck.rows<Ranges>(`SELECT ${summary} FROM read_parquet(${sqlString(path)})`);
  if (found!.rowCount > 0) {
    await lake.putFile(to, path, { ifAbsent: true }).catch((error: unknown) => {
      if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    });
  }
  await rm(path);
  return found!;
}
