/** A table with everything that a log can hold: overwrites, checkpoints, a rollback, an added column, collected garbage. */
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { collectGarbage } from '../../lake/gc.ts';
import { openStore } from '../../lake/open-store.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { overwriteDays } from '../../test/lake/overwritten-days.ts';
import { commitSample, openSampleDuck, sampleManifest, sampleTable } from '../../test/lake/sample-publish.ts';
import { DAY } from './compare-table.ts';
import type { WantedTable } from './result.ts';

const DAYS_MS = 86_400_000;
const SPARK_TYPE = {
  string: 'string',
  int: 'int',
  long: 'bigint',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
};

/** Resolves to what a reader has to see. */
export async function makeTable(
  directory: string,
  scratchDir: string,
  commits: number,
): Promise<WantedTable> {
  const duck = await openSampleDuck(scratchDir);
  const store = await openStore(directory);
  try {
    const commit: Parameters<typeof overwriteDays>[1] = (to, options) =>
      commitSample(to, duck, scratchDir, options);
    const states = await overwriteDays(store, commit, commits);
    const back = Math.floor(commits / 2);
    await rollbackPartition(store, sampleTable.name, { day: DAY, toVersion: back, reason: 'a bad drop' });
    const days = { ...states.at(-1)!, [DAY]: states[back]![DAY]! };
    await collectGarbage(store, { nowMs: Date.now() + 31 * DAYS_MS });

    const token = await claimPartition(store, sampleTable.name, '2018-10-04');
    const note = { name: 'note', type: 'string', nullable: true, description: 'New.' } as const;
    const columns = [...sampleTable.columns, note];
    await commitPartition(
      store,
      { ...sampleTable, columns },
      { day: '2018-10-04', token, files: [], manifest: sampleManifest('2018-10-04', token, []) },
    );
    return {
      version: commits + 1,
      days,
      columns: [
        ...columns.map(({ name, type, nullable = false }) => [name, SPARK_TYPE[type], nullable] as const),
        ['dt', 'date', false],
      ],
      // What is older has lost its files.
      past: { [commits]: days },
    };
  } finally {
    await duck.close();
    await store.close();
  }
}
