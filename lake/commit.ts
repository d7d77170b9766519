/**
 * Commits partitions: one new entry of the table's log, put only if nobody else has put it.
 *
 * Before the entry a reader sees the old files, after it the new ones; there is no moment in between. What decides who
 * wins is the token of the claim, kept in the log itself as the partition's transaction: the greater token stays.
 */
import { writeCheckpointWhenDue } from './checkpoint.ts';
import { requireFreshClaim } from './claim.ts';
import { appendToLog, type LogEdit } from './commit-log.ts';
import type { DataFile } from './data-file.ts';
import type { CommitNote } from './delta-actions.ts';
import { deltaSchemaString, PARTITION_COLUMN, requireCompatible } from './delta-schema.ts';
import { type Day, type Token, txnAppId } from './lake-keys.ts';
import { type Manifest, putManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { statsOfFile } from './parquet-stats.ts';
import { addActionOf, type PartitionVerdict, verdictOn } from './partition-verdict.ts';
import { readSnapshot, type Snapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

const FOOTERS_AT_ONCE = 16;

export interface PartitionCommit {
  readonly day: Day;
  /** The claim; every file's name starts with it. */
  readonly token: Token;
  /** All files of the partition; they replace whatever it had. Already in the store. */
  readonly files: readonly DataFile[];
  readonly manifest: Manifest;
  /** Delta statistics (JSON) by key. @default read from the files' footers */
  readonly stats?: ReadonlyMap<string, string>;
}

/**
 * `committed`: a new version of the partition. `unchanged`: the committed files hold the same bytes and stay.
 * `already`: this claim has committed before.
 */
export type CommitOutcome = 'committed' | 'unchanged' | 'already';

export interface CommitResult {
  readonly outcome: CommitOutcome;
  /** The table version that shows the partition as it now is. */
  readonly version: number;
}

export interface CommitOptions {
  /** A checkpoint only makes reading faster: its failure is told, and does not fail the commit. */
  readonly onCheckpointError?: (error: unknown) => void;
  /** For crash drills: called with the name of each step when it is done. */
  readonly onStep?: (step: CommitStep) => void | Promise<void>;
}

export const COMMIT_STEPS = ['checked', 'manifest-put', 'entry-put', 'checkpoint-put'] as const;
export type CommitStep = (typeof COMMIT_STEPS)[number];

/** `commitPartitions` of one. */
export async function commitPartition(
  store: ObjectStore,
  schema: TableSchema,
  commit: PartitionCommit,
  options: CommitOptions = {},
): Promise<CommitResult> {
  const { outcomes, version } = await commitPartitions(store, schema, [commit], options);
  return { outcome: outcomes[0]!, version };
}

/**
 * All of them in one version, or none: readers never see some of the days new and others old.
 * Throws FL_FENCED when a newer claim has committed one of them, FL_PINNED when a rollback holds one, FL_CLAIM_EXPIRED
 * for a claim of more than a day, FL_SCHEMA_MISMATCH when files or earlier partitions do not fit the schema.
 */
export async function commitPartitions(
  store: ObjectStore,
  schema: TableSchema,
  commits: readonly PartitionCommit[],
  options: CommitOptions = {},
): Promise<{ readonly outcomes: readonly CommitOutcome[]; readonly version: number }> {
  const [stats, start] = await Promise.all([
    statsOfCommits(store, schema, commits),
    readSnapshot(store, schema.name),
    ...commits.map(({ day, token }) => requireFreshClaim(store, schema.name, day, token)),
  ]);
  await options.onStep?.('checked');

  const result = await appendToLog(store, start, async (snapshot) => {
    if (snapshot.columns !== undefined) requireCompatible(schema, snapshot.columns);
    const verdicts: PartitionVerdict[] = [];
    for (const commit of commits) verdicts.push(await verdictOn(store, snapshot, schema.name, commit));
    const outcomes = verdicts.map(({ outcome }) => outcome);
    const changing = verdicts.filter(({ manifest }) => manifest !== undefined);
    if (changing.length === 0) return { done: outcomes };
    for (const { manifest } of changing) await putManifest(store, manifest!);
    await options.onStep?.('manifest-put');
    return { edit: editOf(snapshot, schema, changing, stats), outcome: outcomes };
  });

  if (result.appended) {
    await options.onStep?.('entry-put');
    await writeCheckpointWhenDue(store, result.snapshot, options.onCheckpointError);
    await options.onStep?.('checkpoint-put');
  }
  return { outcomes: result.outcome, version: result.snapshot.version };
}

async function statsOfCommits(
  store: ObjectStore,
  schema: TableSchema,
  commits: readonly PartitionCommit[],
): Promise<ReadonlyMap<string, string>> {
  const files = commits.flatMap((commit) => commit.files.map((file) => ({ commit, file })));
  const stats = new Map<string, string>();
  for (let start = 0; start < files.length; start += FOOTERS_AT_ONCE) {
    await Promise.all(
      files.slice(start, start + FOOTERS_AT_ONCE).map(async ({ commit, file }) => {
        stats.set(file.key, commit.stats?.get(file.key) ?? (await statsOfFile(store, schema, file)));
      }),
    );
  }
  return stats;
}

function editOf(
  snapshot: Snapshot,
  schema: TableSchema,
  verdicts: readonly PartitionVerdict[],
  stats: ReadonlyMap<string, string>,
): LogEdit {
  const days = verdicts.map(({ commit }) => commit.day);
  const { runId, reason } = verdicts[0]!.commit.manifest;
  const kind: CommitNote['kind'] = verdicts.some(({ outcome }) => outcome === 'committed')
    ? 'publish'
    : 'confirm';
  const predicate = `dt IN (${days.map((day) => `'${day}'`).join(', ')})`;
  return {
    note: { kind, days, runId, ...(reason === undefined ? {} : { reason }) },
    operation: { mode: 'Overwrite', partitionBy: `["${PARTITION_COLUMN}"]`, predicate },
    schema: schemaEdit(snapshot, schema),
    txns: verdicts.map(({ commit }) => ({ appId: txnAppId(commit.day), version: BigInt(commit.token) })),
    removes: verdicts.flatMap(({ removes }) => removes),
    adds: verdicts.flatMap(({ adds, commit }) =>
      adds.map((file) => addActionOf(schema.name, commit.day, file, stats.get(file.key))),
    ),
  };
}

/** Undefined when the log already has the declared schema, comments included. */
function schemaEdit(snapshot: Snapshot, schema: TableSchema): LogEdit['schema'] {
  const schemaString = deltaSchemaString(schema);
  if (snapshot.metadata?.schemaString === schemaString) return undefined;
  return { name: schema.name, description: schema.description, schemaString };
}
