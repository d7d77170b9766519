/** The latest event instant in a day's horizon, over all users (R12). */
import { type Duck, sqlPaths } from '../../../lake/duckdb.ts';
import type { ObjectStore } from '../../../lake/object-store.ts';
import { DAY_MS, dayStartMs, horizonEndMs } from '../../day-horizon.ts';
import type { DayInputs, StagedFile } from '../../refs.ts';

/**
 * Null when there is no event. A file that the horizon cuts through is read, if it may hold a later event than is known.
 * @param withDuck opens a session; asked for only then
 */
export async function findAsOf(
  { day, params, files }: Pick<DayInputs, 'day' | 'params' | 'files'>,
  lake: ObjectStore,
  scratchDir: string,
  withDuck: <T>(use: (duck: Duck) => Promise<T>) => Promise<T>,
): Promise<number | null> {
  const startMs = dayStartMs(day) - DAY_MS;
  const endMs = horizonEndMs(day, params);
  const isWhole = (file: StagedFile) => file.minLocalMs >= startMs && file.maxLocalMs <= endMs;
  const touches = (file: StagedFile) => file.maxLocalMs >= startMs && file.minLocalMs <= endMs;
  const known = files
    .filter(isWhole)
    .reduce((latest, file) => Math.max(latest, file.maxInstantMs), -Infinity);
  const cut = files.filter((file) => touches(file) && !isWhole(file) && file.maxInstantMs > known);
  if (cut.length === 0) return known === -Infinity ? null : known;

  const paths = await Promise.all(cut.map(({ key }) => lake.fetchFile(key, scratchDir)));
  const [found] = await withDuck((duck) =>
    duck.rows<{ latest: number | null }>(
      `SELECT max(instant_ms)::DOUBLE AS latest FROM read_parquet(${sqlPaths(paths)}) WHERE local_ms BETWEEN ${startMs} AND ${endMs}`,
    ),
  );
  const latest = Math.max(known, found?.latest ?? -Infinity);
  return latest === -Infinity ? null : latest;
}
