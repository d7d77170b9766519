/** Whether a text is one statement that only reads, and how it goes into a subquery. */
import { type DuckDBConnection, StatementType } from '@duckdb/node-api';
import { FlyerlineError } from '../../infra/errors.ts';
import { refused } from './sql-errors.ts';
import { splitStatements, type Token, tokensOf } from './tokens.ts';

export interface Statement {
  /** A query that may stand in parentheses; of EXPLAIN, what is explained. */
  readonly query: string;
  /** `EXPLAIN`, `EXPLAIN ANALYZE`, … as written; undefined for what is no EXPLAIN. */
  readonly explain: string | undefined;
}

const READING = new Set(['SELECT', 'WITH', 'FROM', 'VALUES', 'TABLE', 'PIVOT', 'UNPIVOT', '(']);
/** Statements that read, but stand in no parentheses by themselves. */
const DESCRIBING = new Set(['DESCRIBE', 'DESC', 'SHOW', 'SUMMARIZE']);

/**
 * Looks at words only, before DuckDB does: its verdict on what a statement may touch does not rest on this.
 * Throws FL_SQL_REFUSED and FL_SQL_INVALID.
 */
export function parseStatement(sql: string): Statement {
  const { ended, rest } = splitStatements(sql);
  const statements = [...ended, ...(isBlank(rest) ? [] : [rest])];
  if (statements.length !== 1) throw notOne(statements.length);
  const tokens = tokensOf(statements[0]!);
  const start = afterExplain(tokens);
  const query = textOf(tokens.slice(start)).trim();
  const first =
    tokens
      .slice(start)
      .find(({ kind }) => kind !== 'space')
      ?.text.toUpperCase() ?? '';
  if (!READING.has(first) && !DESCRIBING.has(first)) {
    throw refused(first === '' ? 'it explains nothing' : `"${first}" is no statement that reads`);
  }
  return {
    // The line break ends a comment at the end.
    query: DESCRIBING.has(first) ? `FROM (${query}\n)` : query,
    explain: start === 0 ? undefined : textOf(tokens.slice(0, start)).trim(),
  };
}

/** DuckDB's own verdict. Throws FL_SQL_INVALID, FL_SQL_REFUSED, and DuckDB's error when it cannot parse or bind it. */
export async function requireQuery(connection: DuckDBConnection, query: string): Promise<void> {
  const { count } = await connection.extractStatements(query);
  if (count !== 1) throw notOne(count);
  const prepared = await connection.prepare(query);
  const { statementType } = prepared;
  prepared.destroySync();
  if (statementType !== StatementType.SELECT) throw refused(`it is a statement of type ${statementType}`);
}

/** The index after `EXPLAIN [ANALYZE] [(…)]`; 0 for other statements. */
function afterExplain(tokens: readonly Token[]): number {
  let at = skipSpace(tokens, 0);
  if (!isWord(tokens[at], 'EXPLAIN')) return 0;
  at = skipSpace(tokens, at + 1);
  if (isWord(tokens[at], 'ANALYZE')) at = skipSpace(tokens, at + 1);
  const next = tokens[skipSpace(tokens, at + 1)];
  const hasOptions = tokens[at]?.text === '(' && (isWord(next, 'FORMAT') || isWord(next, 'ANALYZE'));
  if (hasOptions) at = tokens.findIndex(({ text }, index) => index > at && text === ')') + 1;
  return at;
}

const isWord = (token: Token | undefined, word: string) => token?.text.toUpperCase() === word;
const isBlank = (sql: string) => tokensOf(sql).every(({ kind }) => kind === 'space');
const textOf = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join('');

function skipSpace(tokens: readonly Token[], from: number): number {
  let at = from;
  while (tokens[at]?.kind === 'space') at += 1;
  return at;
}

function notOne(count: number): FlyerlineError {
  return new FlyerlineError('FL_SQL_INVALID', {
    subject: 'The text',
    reason: count === 0 ? 'holds no statement' : `stands for ${count} statements, where one is run at a time`,
    remedy: 'give one statement; a PIVOT names its values: PIVOT … ON column IN (…)',
    retryable: false,
  });
}
