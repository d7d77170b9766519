/** `verify`: reads every published byte and checks it against what was recorded. */
import type { ObjectStore } from '../../lake/object-store.ts';
import type { DayRange } from '../../lake/partitions.ts';
import { readNamedSnapshot, readNamedSnapshots } from '../../lake/snapshots/named-snapshot.ts';
import { type SnapshotCheck, verifyNamedSnapshot } from '../../lake/snapshots/verify-snapshot.ts';
import { type PartitionCheck, verifyTable } from '../../lake/verify.ts';
import { EXIT } from '../exit-code.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';
import { type LakeOptions, tablesOf, withLake } from './open-lake.ts';

export interface VerifyCommandOptions extends LakeOptions, DayRange {
  readonly table?: string;
  /** Name: only this snapshot. */
  readonly snapshot?: string;
}

export async function verifyLake(options: VerifyCommandOptions): Promise<void> {
  await withLake(options, 'read', async (store, { json }) => {
    const checks: PartitionCheck[] = [];
    for (const { name, exported } of options.snapshot === undefined ? tablesOf(options.table) : []) {
      for await (const check of verifyTable(store, name, { from: options.from, to: options.to, exported }))
        checks.push(check);
    }
    const snapshots = await verifySnapshots(store, options, checks);
    const ok = [...checks, ...snapshots].every(({ findings }) => findings.length === 0);
    process.stdout.write(
      json
        ? `${JSON.stringify({ ok, partitions: checks, snapshots })}\n`
        : `${describe(checks, snapshots)}\n`,
    );
    if (!ok) process.exitCode = EXIT.failed;
  });
}

/** All of them when everything is verified; bytes that tables still show are not read twice. */
async function verifySnapshots(
  store: ObjectStore,
  { snapshot: name, table: only, from, to }: VerifyCommandOptions,
  checks: readonly PartitionCheck[],
): Promise<SnapshotCheck[]> {
  if (name !== undefined) return [await verifyNamedSnapshot(store, await readNamedSnapshot(store, name))];
  if (only !== undefined || from !== undefined || to !== undefined) return [];
  const right = checks.filter(({ findings }) => findings.length === 0);
  const read = new Set(right.flatMap(({ manifest }) => manifest?.files.map(({ key }) => key) ?? []));
  const verified: SnapshotCheck[] = [];
  for (const snapshot of await readNamedSnapshots(store))
    verified.push(await verifyNamedSnapshot(store, snapshot, (key) => read.has(key)));
  return verified;
}

function describe(checks: readonly PartitionCheck[], snapshots: readonly SnapshotCheck[]): string {
  const bytes = [...checks, ...snapshots].reduce((sum, check) => sum + check.bytes, 0);
  const drops = new Set(checks.flatMap(({ manifest }) => manifest?.inputs.map(({ key }) => key) ?? []));
  const findings = [
    ...checks.flatMap(({ table: name, day, findings: found }) =>
      found.map((finding) => ({ of: `${name} ${day}`, ...finding })),
    ),
    ...snapshots.flatMap(({ name, findings: found }) =>
      found.map((finding) => ({ of: `snapshot ${name}`, ...finding })),
    ),
  ];
  const partitions = `${formatCount(checks.length)} partitions`;
  const names =
    snapshots.length === 1 ? `snapshot ${snapshots[0]!.name}` : `${formatCount(snapshots.length)} snapshots`;
  const what = [...(checks.length > 0 ? [partitions] : []), ...(snapshots.length > 0 ? [names] : [])];
  const made = checks.length > 0 ? `, made of ${formatCount(drops.size)} drops` : '';
  const read = `${what.join(' and ') || partitions} read (${formatBytes(bytes)})${made}`;
  if (findings.length === 0) return `${style.green('✓')} ${read}; all as recorded.`;
  return [
    `${style.red('✗')} ${read}; ${formatCount(findings.length)} things are not as recorded.`,
    '',
    table(findings, [
      { header: 'Of', value: ({ of }) => of },
      { header: 'Object', value: ({ key }) => key },
      { header: 'Problem', value: ({ problem }) => problem },
    ]),
    '',
    'Bring exports to the head of their tables with "partitions repair"; run a day again with --force for the rest.',
  ].join('\n');
}
