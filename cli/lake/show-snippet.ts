/** `snippet`: prints the code with which a reader reads a table. */
import type { SnippetReader } from '../../lake/snippets/snippets.ts';
import { SNIPPETS } from '../../lake/snippets/snippets.ts';
import { commandContext } from '../command-context.ts';
import { findTable, type LakeOptions } from './open-lake.ts';

export interface SnippetOptions extends LakeOptions {
  readonly from: string;
}

export async function showSnippet(reader: string, table: string, options: SnippetOptions): Promise<void> {
  const schema = findTable(table);
  const { config, json } = commandContext(options, options.lake === undefined ? {} : { lake: options.lake });
  const { language, write } = SNIPPETS[reader as SnippetReader];
  const code = write({ schema, lake: config.lake, firstDay: options.from });
  process.stdout.write(json ? `${JSON.stringify({ reader, table, language, code })}\n` : code);
}
