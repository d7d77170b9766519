/** `verify`: reads every published byte and checks it against what was recorded. */
import type { DayRange } from '../../lake/partitions.ts';
import { type PartitionCheck, verifyTable } from '../../lake/verify.ts';
import { EXIT } from '../exit-code.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';
import { type LakeOptions, tablesOf, withLake } from './open-lake.ts';

export interface VerifyCommandOptions extends LakeOptions, DayRange {
  readonly table?: string;
}

export async function verifyLake(options: VerifyCommandOptions): Promise<void> {
  await withLake(options, 'read', async (store, { json }) => {
    const checks: PartitionCheck[] = [];
    for (const { name, exported } of tablesOf(options.table)) {
      for await (const check of verifyTable(store, name, { from: options.from, to: options.to, exported }))
        checks.push(check);
    }
    const wrong = checks.filter(({ findings }) => findings.length > 0);
    process.stdout.write(
      json ? `${JSON.stringify({ ok: wrong.length === 0, partitions: checks })}\n` : `${describe(checks)}\n`,
    );
    if (wrong.length > 0) process.exitCode = EXIT.failed;
  });
}

function describe(checks: readonly PartitionCheck[]): string {
  const bytes = checks.reduce((sum, check) => sum + check.bytes, 0);
  const drops = new Set(checks.flatMap(({ manifest }) => manifest?.inputs.map(({ key }) => key) ?? []));
  const findings = checks.flatMap(({ table: name, day, findings: found }) =>
    found.map((finding) => ({ name, day, ...finding })),
  );
  const read = `${formatCount(checks.length)} partitions read (${formatBytes(bytes)}), made of ${formatCount(drops.size)} drops`;
  if (findings.length === 0) return `${style.green('✓')} ${read}; all as recorded.`;
  return [
    `${style.red('✗')} ${read}; ${formatCount(findings.length)} things are not as recorded.`,
    '',
    table(findings, [
      { header: 'Partition', value: ({ name, day }) => `${name} ${day}` },
      { header: 'Object', value: ({ key }) => key },
      { header: 'Problem', value: ({ problem }) => problem },
    ]),
    '',
    'Bring exports to the head of their tables with "partitions repair"; run a day again with --force for the rest.',
  ].join('\n');
}
