/**
 * `ctl/digests/<year>-<month>.json`: the digests of a month's partitions of all tables, so that years are read in a few
 * requests. Only a copy of manifests: what a table's log does not confirm is not used, and what is missing is read from
 * the manifests themselves.
 */
import { z } from 'zod';
import { type Day, DIGESTS_DIR, digestsKey, twentyDigits } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import type { PartitionDigest } from './partition-digest.ts';
import { getText, replaceText } from './replace-text.ts';

/** Table → day → digest. */
export type Digests = ReadonlyMap<string, ReadonlyMap<Day, PartitionDigest>>;

export interface DigestEntry {
  readonly table: string;
  readonly day: Day;
  readonly digest: PartitionDigest;
}

type Line = readonly [
  token: number,
  inputsDigest: string,
  inputCount: number,
  partitionsDigest: string | null,
  codeVersion: string,
  definitionVersion: string,
  paramsDigest: string,
  rowCount: number,
  committedAtMs: number,
  asOfMs: number | null,
  status: PartitionDigest['status'],
  runId: string,
  isShown: 0 | 1,
];

const LINE_LENGTH = 13;
type Lines = Record<string, Record<Day, Line>>;
// Field by field, tens of thousands of lines would take longer to check than to read. They are ours; another layout is longer or shorter.
const lines = z.custom<Lines>((value) => isObject(value) && Object.values(value).every(areLines));

const monthDocument = z.object({
  format: z.literal(1),
  /** By digest: few parameters make many partitions. */
  params: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Table → day → line. */
  tables: lines,
});
type MonthDocument = z.infer<typeof monthDocument>;

const READS_AT_ONCE = 32;
const monthOf = (day: Day): string => day.slice(0, 7);

/** Those of the months that the range touches. */
export async function readDigests(
  store: ObjectStore,
  range: { readonly from: Day; readonly to: Day },
): Promise<Digests> {
  const months: string[] = [];
  for await (const { key } of store.list(DIGESTS_DIR)) {
    const month = key.slice(DIGESTS_DIR.length, -'.json'.length);
    if (month >= monthOf(range.from) && month <= monthOf(range.to)) months.push(month);
  }
  const digests = new Map<string, Map<Day, PartitionDigest>>();
  for (let start = 0; start < months.length; start += READS_AT_ONCE) {
    const some = months.slice(start, start + READS_AT_ONCE);
    for (const found of await Promise.all(some.map((month) => getText(store, digestsKey(month))))) {
      const document = parseMonth(found?.text);
      if (document !== undefined) collect(document, digests);
    }
  }
  return digests;
}

/** Adds what is newer than what is known. */
export async function recordDigests(store: ObjectStore, entries: readonly DigestEntry[]): Promise<void> {
  for (const [month, ofMonth] of Map.groupBy(entries, ({ day }) => monthOf(day))) {
    await replaceText(store, digestsKey(month), (body) => {
      const before = parseMonth(body);
      const after = merge(before, ofMonth);
      return after === undefined ? undefined : `${JSON.stringify(after)}\n`;
    });
  }
}

/** Undefined when nothing changes. */
function merge(
  before: MonthDocument | undefined,
  entries: readonly DigestEntry[],
): MonthDocument | undefined {
  const { params, tables }: Omit<MonthDocument, 'format'> = structuredClone(
    before ?? { params: {}, tables: {} },
  );
  let isChanged = false;
  for (const { table, day, digest } of entries) {
    tables[table] ??= {};
    const days = tables[table]!;
    const known = days[day];
    const next = lineOf(digest);
    if (known !== undefined && (known[0] > next[0] || JSON.stringify(known) === JSON.stringify(next)))
      continue;
    days[day] = next;
    params[digest.paramsDigest] = digest.params;
    isChanged = true;
  }
  return isChanged ? { format: 1, params, tables } : undefined;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const areLines = (value: unknown): boolean =>
  isObject(value) &&
  Object.values(value).every((line: unknown) => Array.isArray(line) && line.length === LINE_LENGTH);

/** A copy that cannot be used is as good as none. */
function parseMonth(text: string | undefined): MonthDocument | undefined {
  if (text === undefined) return undefined;
  try {
    return monthDocument.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function collect({ params, tables }: MonthDocument, into: Map<string, Map<Day, PartitionDigest>>): void {
  for (const [table, days] of Object.entries(tables)) {
    const known = into.get(table) ?? new Map<Day, PartitionDigest>();
    into.set(table, known);
    for (const [day, values] of Object.entries(days)) known.set(day, digestOfLine(values, params));
  }
}

const lineOf = (digest: PartitionDigest): Line => [
  Number(digest.token),
  digest.inputsDigest,
  digest.inputCount,
  digest.partitionsDigest,
  digest.codeVersion,
  digest.definitionVersion,
  digest.paramsDigest,
  digest.rowCount,
  digest.committedAtMs,
  digest.asOfMs,
  digest.status,
  digest.runId,
  digest.isShown ? 1 : 0,
];

function digestOfLine(line: Line, params: MonthDocument['params']): PartitionDigest {
  return {
    token: twentyDigits(line[0]),
    inputsDigest: line[1],
    inputCount: line[2],
    partitionsDigest: line[3],
    codeVersion: line[4],
    definitionVersion: line[5],
    paramsDigest: line[6],
    params: params[line[6]] ?? {},
    rowCount: line[7],
    committedAtMs: line[8],
    asOfMs: line[9],
    status: line[10],
    runId: line[11],
    isShown: line[12] === 1,
  };
}
