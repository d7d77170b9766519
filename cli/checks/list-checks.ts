/** `checks list`: every check that is declared. */
import { checkId } from '../../tasks/checks/check-result.ts';
import { CHECKS } from '../../tasks/checks/declared-checks.ts';
import type { CommonOptions } from '../common-options.ts';
import { findTable } from '../lake/open-lake.ts';
import { table } from '../terminal.ts';

export function listChecks(options: CommonOptions & { readonly table?: string }): void {
  if (options.table !== undefined) findTable(options.table);
  const checks = CHECKS.filter((check) => options.table === undefined || check.table === options.table);
  if (options.json === true) {
    const plain = checks.map((check) => ({
      ...{ name: checkId(check), severity: check.severity, says: check.says },
      ...{ limit: check.limit ?? null, limitUnit: check.limitUnit ?? null },
    }));
    process.stdout.write(`${JSON.stringify({ checks: plain })}\n`);
    return;
  }
  const text = table(checks, [
    { header: 'Check', value: checkId },
    { header: 'Severity', value: ({ severity }) => severity },
    { header: 'Limit', value: ({ limit }) => limit, align: 'right' },
    { header: 'Unit', value: ({ limitUnit }) => limitUnit },
    { header: 'Asks', value: ({ says }) => says },
  ]);
  process.stdout.write(`${text}\n`);
}
