/** SQL cut into tokens, as far as statements have to be told apart and tables found in them; DuckDB does the parsing. */

export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'space' | 'other';
  readonly text: string;
}

const PATTERN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<string>[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)`,
    `(?<name>"(?:[^"]|"")*")`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<number>\d[\d_]*(?:\.\d+)?)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'gu',
);

const KINDS = ['space', 'string', 'name', 'word', 'number', 'other'] as const;

/** Their texts, joined, are the SQL. Comments are space; a quote that is never closed is `other`. */
export function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(PATTERN)].map(({ 0: text, groups }) => ({
    kind: KINDS.find((kind) => groups?.[kind] !== undefined) ?? 'other',
    text,
  }));
}

/** The statements that a `;` ends, without it, and what comes after the last one. Empty statements are left out. */
export function splitStatements(sql: string): { readonly ended: readonly string[]; readonly rest: string } {
  const ended: string[] = [];
  let tokens: Token[] = [];
  const take = () => {
    if (tokens.some(({ kind }) => kind !== 'space')) ended.push(tokens.map(({ text }) => text).join(''));
    tokens = [];
  };
  for (const token of tokensOf(sql)) {
    // A quote that is still open may hold the `;` that follows.
    const isOpen = tokens.some(({ kind, text }) => kind === 'other' && (text === "'" || text === '"'));
    if (token.text === ';' && !isOpen) take();
    else tokens.push(token);
  }
  return { ended, rest: tokens.map(({ text }) => text).join('') };
}
