/** Commits of the sample table that overwrite three days in turn, and what a reader has to see after each. */
import type { ObjectStore } from '../../lake/object-store.ts';
import type { SampleOptions } from './sample-publish.ts';

/** Rows, sum of ids, and unknown dwells, by day. */
export type Days = Readonly<Record<string, readonly number[]>>;

type Commit = (store: ObjectStore, options: SampleOptions) => Promise<unknown>;

/** Days 1 to 3 in turn, a row more each time. Resolves to what readers should see at each version. */
export async function overwriteDays(store: ObjectStore, commit: Commit, times: number): Promise<Days[]> {
  const states: Days[] = [];
  for (let version = 0; version < times; version += 1) {
    const day = `2018-10-0${1 + (version % 3)}`;
    const rowCount = 100 + version;
    await commit(store, { day, rowCount, salt: version });
    const row = [rowCount, (rowCount * (rowCount - 1)) / 2, Math.ceil(rowCount / 5)];
    states.push({ ...states.at(-1), [day]: row });
  }
  return states;
}
