/** What a statement yields, as a table on the terminal, or as CSV, JSON or Parquet on stdout or in a file. */
import { createReadStream } from 'node:fs';
import { copyFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LakeQuery } from '../../lake/sql/lake-query.ts';
import {
  type FileFormat,
  type FirstRows,
  firstRows,
  resultColumns,
  writeResult,
} from '../../lake/sql/results.ts';
import { formatCount, style, styleFor, table } from '../terminal.ts';

export type ResultFormat = 'table' | FileFormat;

export interface AnswerOptions {
  readonly format: ResultFormat;
  readonly out: string | undefined;
  /** One object: columns, rows, and what was read. */
  readonly json: boolean;
  /** Of a table. */
  readonly rowsMax: number;
}

/** A value longer than that is cut: a table has to be read. */
const CELL_WIDTH_MAX = 60;

export async function writeAnswer(query: LakeQuery, options: AnswerOptions): Promise<void> {
  const { format, out, json, rowsMax } = options;
  if (json && query.explain === undefined) return writeJson(query);
  if (format === 'table' || json) {
    const found = await firstRows(query, rowsMax);
    if (out !== undefined) await replaceFile(out, (path) => writeFile(path, `${asTable(found)}\n`));
    else process.stdout.write(query.explain === undefined ? `${asTable(found)}\n` : `${asPlan(found)}\n`);
    process.stderr.write(`${styleFor(process.stderr).dim(noteOf(query, found))}\n`);
    return;
  }
  const path = await writeResult(query, format);
  if (out === undefined) await toStdout(path);
  else await replaceFile(out, (partial) => copyFile(path, partial));
}

async function writeJson(query: LakeQuery): Promise<void> {
  const columns = await resultColumns(query);
  const path = await writeResult(query, 'json');
  process.stdout.write(
    `{"columns":${JSON.stringify(columns)},"sources":${JSON.stringify(query.sources)},"rows":`,
  );
  await toStdout(path);
  process.stdout.write('}\n');
}

/** Waits until it is taken, and leaves stdout open. */
async function toStdout(path: string): Promise<void> {
  for await (const chunk of createReadStream(path)) {
    if (!process.stdout.write(chunk)) await new Promise((taken) => process.stdout.once('drain', taken));
  }
}

/** At `out` is what was there before, or all of it. */
async function replaceFile(out: string, write: (path: string) => Promise<unknown>): Promise<void> {
  const path = resolve(out);
  await write(`${path}.part`);
  await rename(`${path}.part`, path);
}

function asTable({ columns, rows }: FirstRows): string {
  return table(
    rows,
    columns.map(({ name, type }, at) => ({
      header: printable(name),
      value: (row) => (row[at] === undefined ? style.dim('NULL') : printable(row[at])),
      align: /^(?:.*INT|DOUBLE|FLOAT|DECIMAL.*)$/.test(type) ? ('right' as const) : ('left' as const),
      widthMax: CELL_WIDTH_MAX,
    })),
  );
}

/** The text of EXPLAIN has lines of its own. */
const asPlan = ({ rows }: FirstRows) => rows.map((row) => row.at(-1) ?? '').join('\n');

/** Texts come from drops, that is from anybody: what would steer a terminal is spelled out. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.codePointAt(0)!.toString(16).padStart(2, '0')}`);
}

function noteOf({ sources }: LakeQuery, { rows, isCut }: FirstRows): string {
  const shown = `${formatCount(rows.length)} row${rows.length === 1 ? '' : 's'}`;
  const cut = `the first ${shown}, there are more: --limit shows more, --format csv, json and parquet have all`;
  const read = sources.map(
    ({ table: name, version, files, filesTotal }) =>
      `${name} version ${version}: ${formatCount(files)} of ${formatCount(filesTotal)} files`,
  );
  return [isCut ? cut : shown, ...read].join(' · ');
}
