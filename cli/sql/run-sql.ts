/** `sql`: one statement, those that come on stdin, or a prompt. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { FlyerlineError } from '../../infra/errors.ts';
import { openPreview } from '../../lake/preview/preview-store.ts';
import { frozenTable } from '../../lake/snapshots/frozen-table.ts';
import { readNamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import { withLakeQuery } from '../../lake/sql/lake-query.ts';
import { parseInstant } from '../../lake/sql/references.ts';
import { splitStatements } from '../../lake/sql/tokens.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { interruptSignal } from '../interrupt.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { type ResultFormat, writeAnswer } from './write-answer.ts';

export interface SqlCommandOptions extends LakeOptions {
  readonly asOf?: string;
  /** Name. */
  readonly snapshot?: string;
  /** Its id. */
  readonly preview?: string;
  readonly format: ResultFormat;
  readonly out?: string;
  /** Rows. */
  readonly limit?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/** Runs a statement and shows what it yields; the signal stops it. */
export type Ask = (statement: string, signal: AbortSignal) => Promise<void>;

export async function runSql(statement: string | undefined, options: SqlCommandOptions): Promise<void> {
  const asOfMs = options.asOf === undefined ? undefined : parseInstant(options.asOf);
  requireOneTarget(options);
  await withLake(options, 'read', async (lake, { config, json }) => {
    const store = options.preview === undefined ? lake : await openPreview(lake, options.preview);
    await mkdir(config.scratchDir, { recursive: true });
    const scratchDir = await mkdtemp(join(config.scratchDir, 'sql-'));
    const named =
      options.snapshot === undefined ? undefined : await readNamedSnapshot(store, options.snapshot);
    const settings = {
      ...{ threads: config.threads, scratchDir, asOfMs },
      schemas: LAKE_TABLES.filter(({ name }) => named?.tables.some(({ table }) => table === name) ?? true),
      frozen: named && ((name: string) => frozenTable(named, name)),
      memoryLimitBytes: options.memory ?? config.memoryLimitBytes,
      timeoutMs: options.timeout === undefined ? config.sql.timeoutMs : options.timeout * 1000,
    };
    const output = {
      ...{ format: options.format, out: options.out, json },
      rowsMax: options.limit ?? config.sql.rowsMax,
    };
    const ask: Ask = (sql, signal) =>
      withLakeQuery(store, sql, { ...settings, signal }, (query) => writeAnswer(query, output));
    try {
      if (statement !== undefined) await ask(statement, interruptSignal());
      else if (process.stdin.isTTY) await openPrompt(ask);
      else await askAll(await text(process.stdin), ask, interruptSignal());
    } finally {
      await rm(scratchDir, { recursive: true, force: true });
    }
  });
}

/** Ends with the first that fails. */
async function askAll(script: string, ask: Ask, signal: AbortSignal): Promise<void> {
  const { ended, rest } = splitStatements(script);
  for (const statement of [...ended, ...(rest.trim() === '' ? [] : [rest])]) await ask(statement, signal);
}

async function openPrompt(ask: Ask): Promise<void> {
  const { runPrompt } = await import('./prompt.ts');
  const { historyFile } = await import('./history-file.ts');
  await runPrompt(ask, {
    input: process.stdin,
    output: process.stdout,
    history: historyFile(),
    isTerminal: true,
  });
}

function requireOneTarget({ format, out, json }: SqlCommandOptions): void {
  const isBinaryOnTerminal = format === 'parquet' && out === undefined && process.stdout.isTTY;
  const isTwice = json === true && (format !== 'table' || out !== undefined);
  if (!isBinaryOnTerminal && !isTwice) return;
  throw new FlyerlineError('FL_USAGE', {
    subject: isTwice ? 'The result' : 'A Parquet file',
    reason: isTwice ? 'was asked for both as --json and in another form' : 'would be written to the terminal',
    remedy: isTwice
      ? 'use --json alone, or --format json for an array of rows'
      : 'name a file with --out, or redirect stdout',
    retryable: false,
  });
}
