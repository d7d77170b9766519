/** The effect of a task instance: one partition of one table of the lake, published as the pipeline publishes, fenced by its claim. */
import { createHash } from 'node:crypto';
import { claimPartition } from '../../lake/claim.ts';
import { type CommitStep, commitPartition } from '../../lake/commit.ts';
import { dataKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { TableSchema } from '../../lake/table-schema.ts';

export interface Effect {
  readonly table: string;
  readonly day: string;
  readonly runId: string;
  readonly attempt: number;
  /** What is published; equal inputs give equal bytes. */
  readonly text: string;
}

/** Publishes it, or finds it published: `unchanged`. Throws FL_FENCED when a newer claim has published. */
export async function publishEffect(
  store: ObjectStore,
  { table, day, runId, attempt, text }: Effect,
  onStep: (step: CommitStep | 'claimed') => void = () => {},
): Promise<void> {
  const token = await claimPartition(store, table, day);
  onStep('claimed');
  const body = Buffer.from(text);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const key = dataKey(table, day, token, '0');
  await store.put(key, body, { ifAbsent: true });
  const file = { key, rowCount: 1, size: body.length, sha256 };
  const manifest = {
    table,
    day,
    token,
    inputsHash: sha256,
    codeVersion: 'drill',
    definitionVersion: 'drill',
    params: {},
    inputs: [],
    rowCount: 1,
    files: [file],
    runId,
    attempt,
    createdAt: new Date().toISOString(),
    asOfMs: null,
  };
  const stats = new Map([[key, JSON.stringify({ numRecords: 1 })]]);
  await commitPartition(store, schemaOf(table), { day, token, files: [file], manifest, stats }, { onStep });
}

function schemaOf(name: string): TableSchema {
  return {
    name,
    description: 'An effect of the chaos drill.',
    key: ['text'],
    columns: [{ name: 'text', type: 'string', description: 'What the task instance made.' }],
    exported: false,
  };
}
