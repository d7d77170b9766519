/** Brings a day's merchant_day to what is published of it and of the days before. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { claimPartition } from '../../lake/claim.ts';
import { type CommitOutcome, commitPartition } from '../../lake/commit.ts';
import type { DataFile } from '../../lake/data-file.ts';
import { openDuck } from '../../lake/duckdb.ts';
import type { Token } from '../../lake/lake-keys.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import { partitionRows } from '../../lake/partition-rows.ts';
import { partitionOf } from '../../lake/partitions.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import { keyOrder } from '../../lake/write-csv.ts';
import { codeVersion } from '../code-version.ts';
import { DEFINITION_VERSION, metricParamsSchema } from '../metric-params.ts';
import { putTable } from '../put-table.ts';
import type { PublishedRef } from '../refs.ts';
import type { Services } from '../services.ts';
import { sqlFile } from '../sql-file.ts';
import { MERCHANT_DAY, MERCHANT_METRICS } from '../tables.ts';
import { type Comparison, comparisonOf } from './comparison.ts';

const sql = sqlFile(new URL('../compare-merchants.sql', import.meta.url));

const ROUNDS_MAX = 20;

export interface CompareRun {
  readonly services: Services;
  readonly scratchDir: string;
  readonly runId: string;
  readonly attempt: number;
}

type PublishedTable = PublishedRef['tables'][number];

/**
 * Whoever publishes a day compares it, and the days after it, when it is published: so the last one to look has seen all. Two that
 * publish neighbouring days at once may each have missed the other; so after a commit each looks once more.
 * Undefined when the day is not published. Throws FL_PINNED when a rollback holds it.
 */
export async function compareDay(run: CompareRun, day: string): Promise<PublishedTable | undefined> {
  const { lake } = run.services;
  let outcome: CommitOutcome = 'unchanged';
  for (let round = 0; ; round += 1) {
    const now = await comparisonOf(lake, day);
    if (now === undefined) return undefined;
    const snapshot = await readSnapshot(lake, MERCHANT_DAY.name);
    const head = await readHeadManifest(lake, MERCHANT_DAY.name, day, snapshot);
    if (head?.inputsHash === now.inputsHash || round === ROUNDS_MAX) {
      const { rowCount, size } = partitionOf(snapshot, day)!;
      return { table: MERCHANT_DAY.name, version: snapshot.version, rowCount, size, outcome };
    }
    const committed = await commitComparison(run, day).catch((error: unknown) => {
      // Somebody who has looked later has committed.
      if (isFlyerlineError(error, 'FL_FENCED')) return undefined;
      throw error;
    });
    if (committed === 'committed') outcome = 'committed';
  }
}

async function commitComparison(run: CompareRun, day: string): Promise<CommitOutcome> {
  const { lake } = run.services;
  // First the claim, then what is published: a later claim has seen what an earlier one saw.
  const token = await claimPartition(lake, MERCHANT_DAY.name, day);
  const comparison = (await comparisonOf(lake, day))!;
  const file = await putMerchantDay(run, day, token, comparison);
  const { manifest, inputsHash, partitions } = comparison;
  const { outcome } = await commitPartition(lake, MERCHANT_DAY, {
    day,
    token,
    files: [file],
    manifest: {
      // The drops, as_of and status are those of the day's own metrics.
      ...manifest,
      table: MERCHANT_DAY.name,
      token,
      definitionVersion: DEFINITION_VERSION,
      codeVersion: await codeVersion(),
      inputsHash,
      partitions,
      createdAt: new Date().toISOString(),
      rowCount: file.rowCount,
      files: [file],
      runId: run.runId,
      attempt: run.attempt,
      sameBytesAs: undefined,
      restores: undefined,
      reason: undefined,
    },
  });
  return outcome;
}

async function putMerchantDay(
  { services, scratchDir }: CompareRun,
  day: string,
  token: Token,
  { ownFiles, baseFiles, manifest }: Comparison,
): Promise<DataFile> {
  const { lake } = services;
  const duck = await openDuck({ ...services, tempDir: scratchDir });
  try {
    for (const [view, keys] of [
      ['own_metric', ownFiles],
      ['base_metric', baseFiles],
    ] as const) {
      const paths = await Promise.all(keys.map((key) => lake.fetchFile(key, scratchDir)));
      await duck.run(`CREATE TEMP VIEW ${view} AS ${await partitionRows(duck, MERCHANT_METRICS, paths)}`);
    }
    return await putTable(duck, lake, MERCHANT_DAY, {
      query: sql('merchant_day'),
      orderBy: keyOrder(MERCHANT_DAY),
      ...{ day, tokens: { [MERCHANT_DAY.name]: token }, part: '00', scratchDir },
      params: metricParamsSchema.parse(manifest.params),
    });
  } finally {
    await duck.close();
  }
}
