/** docs/reference/checks.md says of every check what is declared beside the tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { checkId } from '../../tasks/checks/check-result.ts';
import { CHECK_BY_ID, CHECKS } from '../../tasks/checks/declared-checks.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { tableRows } from './table-rows.ts';

const reference = readFileSync(join(PROJECT_ROOT, 'docs/reference/checks.md'), 'utf8');

it('lists every check with its severity, limit and question, in the order of the tables', () => {
  const declared = CHECKS.map((check) => [
    `\`${checkId(check)}\``,
    check.severity,
    check.limit === undefined ? '' : `${check.limit} ${check.limitUnit}`,
    check.says,
  ]);
  expect(tableRows(reference)).toEqual(declared);
});

it('has checks of every table that is published, each under a name of its own', () => {
  expect([...new Set(CHECKS.map(({ table }) => table))]).toEqual(PUBLISHED_TABLES.map(({ name }) => name));
  expect(CHECK_BY_ID.size).toBe(CHECKS.length);
});
