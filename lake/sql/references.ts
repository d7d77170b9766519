/** Which tables a statement reads, and as of when: `user_day`, `user_day AS OF 41`, `user_day AS OF '2018-10-05T12:00Z'`. */
import { FlyerlineError } from '../../infra/errors.ts';
import { sqlName } from '../duckdb.ts';
import type { TableSchema } from '../table-schema.ts';
import { type Token, tokensOf } from './tokens.ts';

/** A version of the table, or the newest at an instant; undefined: what the whole statement is asked for. */
export type AsOf = { readonly version: number } | { readonly timeMs: number } | undefined;

export interface Reference {
  readonly schema: TableSchema;
  readonly asOf: AsOf;
  /** The schema of the view that stands for it: the table's name stays that of the view. */
  readonly namespace: string;
}

/** Whoever asks what tables there are asks about all. */
const ASKS_FOR_ALL = /\b(?:show|information_schema|duckdb_\w+|pg_\w+|sqlite_\w+)\b/i;

/** Tables may be named in texts too (`query('FROM user_day')`), so every mention counts: a view too many costs little. */
export function findReferences(
  sql: string,
  schemas: readonly TableSchema[],
): { readonly sql: string; readonly references: readonly Reference[] } {
  const byName = new Map(schemas.map((schema) => [schema.name, schema]));
  const tokens = tokensOf(sql);
  const references = new Map<string, Reference>();
  const add = (schema: TableSchema, asOf: AsOf, namespace: string) =>
    references.set(`${namespace}.${schema.name}`, { schema, asOf, namespace });

  let [text, mentions] = ['', ''];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    const schema = byName.get(nameOf(token));
    const found = schema === undefined ? undefined : readAsOf(tokens, at + 1);
    if (schema === undefined || found === undefined) {
      text += token.text;
      mentions += token.text;
      continue;
    }
    const namespace = `as of ${found.label}`;
    add(schema, found.asOf, namespace);
    // Not an alias: so the name of the table still qualifies its columns, and an alias may follow.
    text += `${sqlName(namespace)}.${sqlName(schema.name)}`;
    mentions += ' ';
    at = found.end;
  }
  const all = ASKS_FOR_ALL.test(mentions);
  for (const schema of schemas) {
    if (all || new RegExp(`\\b${schema.name}\\b`, 'i').test(mentions)) add(schema, undefined, 'main');
  }
  return { sql: text, references: [...references.values()] };
}

/** An instant as people type it; without a zone it is UTC, and a date is its first moment. Throws FL_USAGE. */
export function parseInstant(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i.exec(text.trim()) ??
    [];
  const instantMs = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (!Number.isNaN(instantMs)) return instantMs;
  throw new FlyerlineError('FL_USAGE', {
    subject: `The time "${text}"`,
    reason: 'is none',
    remedy:
      'write it like 2018-10-05T12:00:00Z, or 2018-10-05T08:00:00-04:00; a version is a number without quotes',
    retryable: false,
  });
}

/** `AS OF [VERSION | TIMESTAMP] <number or text>` from a token on; undefined when something else stands there. */
function readAsOf(tokens: readonly Token[], from: number) {
  const solid = tokens
    .slice(from, from + 24)
    .map((token, index) => ({ ...token, at: from + index }))
    .filter(({ kind }) => kind !== 'space');
  const words = solid.map(({ text }) => text.toUpperCase());
  if (words[0] !== 'AS' || words[1] !== 'OF') return undefined;
  const value = solid[words[2] === 'VERSION' || words[2] === 'TIMESTAMP' ? 3 : 2];
  if (value?.kind === 'number') {
    return { asOf: { version: Number(value.text.replaceAll('_', '')) }, label: value.text, end: value.at };
  }
  if (value?.kind !== 'string' || !value.text.startsWith("'")) return undefined;
  const label = value.text.slice(1, -1);
  return { asOf: { timeMs: parseInstant(label) }, label, end: value.at };
}

function nameOf({ kind, text }: Token): string {
  if (kind === 'name') return text.slice(1, -1).toLowerCase();
  return kind === 'word' ? text.toLowerCase() : '';
}
