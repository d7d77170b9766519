/** docs/reference/tables.md says of every table and column what tasks/tables.ts says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { ColumnSchema, TableSchema } from '../../lake/table-schema.ts';
import { dqChecks } from '../../tasks/dq-checks.ts';
import { TABLES } from '../../tasks/tables.ts';
import { tableRows } from './table-rows.ts';

const reference = readFileSync(join(PROJECT_ROOT, 'docs/reference/tables.md'), 'utf8');

/** Section by section: the heading is the table's name. */
const sections = new Map(
  reference
    .split(/^## /m)
    .slice(1)
    .map((section) => [/^`(\w+)`/.exec(section)?.[1], section.split(/^### /m)[0]!]),
);

it('has a section for each table, and for no other', () => {
  expect([...sections.keys()].filter((name) => name !== undefined).sort()).toEqual(
    Object.keys(TABLES).sort(),
  );
});

it.each(Object.values(TABLES))('describes $name as it is declared', (table: TableSchema) => {
  const section = sections.get(table.name) ?? '';
  expect(section).toContain(table.description);
  expect(section).toContain(`Key and order: ${table.key.map((column) => `\`${column}\``).join(', ')}.`);
  expect(tableRows(section)).toEqual(table.columns.map(cellsOf));
});

it('explains every check of dq_day', () => {
  const checks = Object.keys(dqChecks({})).map((name) => name.replace(/_digit_\d_/, '_digit_<n>_'));
  const explained = checks.map((name) => name.replace(/^(hour|minute)_digit_/, 'second_digit_'));
  expect(explained.filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
});

function cellsOf({
  name,
  type,
  nullable = false,
  unit = '',
  description,
  rule = '',
}: ColumnSchema): string[] {
  return [`\`${name}\``, nullable ? `${type}, nullable` : type, unit, rule, description];
}
