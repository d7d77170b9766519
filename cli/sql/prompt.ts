/** The prompt of `sql`: statements over as many lines as they take, ended by `;`, and a few commands that begin with a dot. */
import { createInterface } from 'node:readline';
import { splitStatements } from '../../lake/sql/tokens.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { findTable } from '../lake/open-lake.ts';
import { reportError } from '../report-error.ts';
import { style, table } from '../terminal.ts';
import type { History } from './history-file.ts';
import type { Ask } from './run-sql.ts';

export interface PromptOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly history: History;
  readonly isTerminal: boolean;
}

const PROMPT = 'flyerline> ';
const MORE = '      ...> ';

/** Until `.quit` or the end of input. A statement that fails is reported, and the prompt goes on; Ctrl-C stops a statement. */
export async function runPrompt(ask: Ask, options: PromptOptions): Promise<void> {
  const { input, output, history, isTerminal } = options;
  const lines = createInterface({
    input,
    output,
    terminal: isTerminal,
    history: history.read(),
    prompt: PROMPT,
  });
  let [pending, running] = ['', undefined as AbortController | undefined];
  // Input that ends while a statement runs closes it before its last lines are read.
  let isClosed = false;
  lines.once('close', () => {
    isClosed = true;
  });
  lines.on('SIGINT', () => {
    if (running !== undefined) running.abort();
    else {
      pending = '';
      // What is typed stays in the line unless it is taken out.
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
      output.write('\n');
      lines.setPrompt(PROMPT);
      lines.prompt();
    }
  });
  output.write('Statements end with ";". Commands: .tables  .schema <table>  .quit\n');
  lines.prompt();
  for await (const line of lines) {
    if (pending.trim() === '' && line.trim().startsWith('.')) {
      if (/^\.(?:quit|exit|q)$/.test(line.trim())) break;
      report(() => output.write(`${dotCommand(line.trim())}\n`));
    } else {
      const { ended, rest } = splitStatements(`${pending}${line}\n`);
      pending = rest.trim() === '' ? '' : rest;
      for (const statement of ended) {
        history.add(`${statement.trim()};`);
        running = new AbortController();
        await ask(statement, running.signal).catch((error) =>
          report(() => {
            throw error;
          }),
        );
        running = undefined;
      }
    }
    lines.setPrompt(pending === '' ? PROMPT : MORE);
    if (!isClosed) lines.prompt();
  }
  lines.close();
}

function report(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    reportError(error, { json: false, verbose: false });
  }
}

function dotCommand(line: string): string {
  const [name, argument] = line.split(/\s+/);
  if (name === '.tables') {
    return table(LAKE_TABLES, [
      { header: 'Table', value: (schema) => schema.name },
      { header: 'What', value: ({ description }) => description, widthMax: 90 },
    ]);
  }
  if (name === '.schema' && argument !== undefined) {
    return table(findTable(argument.replace(/;$/, '')).columns, [
      { header: 'Column', value: (column) => column.name },
      { header: 'Type', value: (column) => column.type },
      { header: 'Unit', value: (column) => column.unit },
      { header: 'What', value: ({ description }) => description, widthMax: 90 },
    ]);
  }
  return style.dim(
    'There are .tables, .schema <table> and .quit; anything else is a statement and ends with ";".',
  );
}
