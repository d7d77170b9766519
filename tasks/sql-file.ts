/** SQL lives in `.sql` files beside the task: named statements, filled by session variables, never by text. */
import { readFileSync } from 'node:fs';
import { invariant } from '../infra/errors.ts';
import { type Duck, sqlName, sqlPaths, sqlString } from '../lake/duckdb.ts';

/**
 * The sections of a file. Each begins with a line `-- name: the name` and may hold several statements:
 * `const sql = sqlFile(new URL('./cleanse-events.sql', import.meta.url)); await duck.run(sql('events'))`.
 */
export function sqlFile(url: URL): (section: string) => string {
  const sections = new Map<string, string>();
  for (const part of readFileSync(url, 'utf8')
    .split(/^-- name: /m)
    .slice(1)) {
    const lineEnd = part.indexOf('\n');
    sections.set(part.slice(0, lineEnd).trim(), part.slice(lineEnd + 1));
  }
  return (section) => {
    const sql = sections.get(section);
    invariant(sql !== undefined, `${url.pathname} has no section "${section}"`);
    return sql;
  };
}

export type SqlValue = string | number | boolean | readonly string[];

/** Sets what the statements read as `getvariable('name')`. A list is a list of file paths. */
export async function setVariables(duck: Duck, variables: Readonly<Record<string, SqlValue>>): Promise<void> {
  const statements = Object.entries(variables).map(
    ([name, value]) => `SET VARIABLE ${sqlName(name)} = ${literal(value)};`,
  );
  await duck.run(statements.join('\n'));
}

function literal(value: SqlValue): string {
  if (typeof value === 'string') return sqlString(value);
  if (typeof value === 'object') return value.length === 0 ? '[]::VARCHAR[]' : sqlPaths(value);
  return String(value);
}
