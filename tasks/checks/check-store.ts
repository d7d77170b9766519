/**
 * Results of checks in the lake: a document per run that came as far as its checks, published or not. Those of days that were
 * blocked have a folder of their own, so that they are found without looking at every day.
 */
import { checksDir, checksKey, type Day, type Token } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { parseDocument } from '../../lake/parse-document.ts';
import { getText } from '../../lake/replace-text.ts';
import { CLEAN_EVENTS } from '../tables/event-tables.ts';
import { type DayChecks, dayChecksSchema } from './check-result.ts';

/** The table whose claims name the documents: the first that a run of a day claims. */
export const CHECKS_TABLE = CLEAN_EVENTS.name;

const FOLDERS = ['passed', 'blocked'] as const;
const READS_AT_ONCE = 32;

export interface ChecksName {
  readonly day: Day;
  readonly token: Token;
  /** Warnings are among `passed`. */
  readonly folder: (typeof FOLDERS)[number];
}

/** Of two attempts of a claim the later one stays. */
export async function putDayChecks(store: ObjectStore, checks: DayChecks): Promise<void> {
  const { day, token, status } = checks;
  const folder = status === 'blocked' ? 'blocked' : 'passed';
  await store.put(checksKey(CHECKS_TABLE, folder, day, token), `${JSON.stringify(checks, null, 2)}\n`);
}

/**
 * Of a claim, or those of the latest run of the day that came as far; undefined when there are none.
 * `token` is the day's claim on `clean_events`.
 */
export async function readCheckResults(
  store: ObjectStore,
  day: Day,
  token?: Token,
): Promise<DayChecks | undefined> {
  const names = (await listDay(store, day)).filter((name) => token === undefined || name.token === token);
  const last = names.at(-1)?.token;
  const found = await Promise.all(names.filter((name) => name.token === last).map((one) => read(store, one)));
  // Two attempts of one claim may have come to two verdicts.
  return found
    .filter((checks) => checks !== undefined)
    .sort(byTime)
    .at(-1);
}

/** The latest of each day, in order of days. */
export async function readChecksOfDays(
  store: ObjectStore,
  { from, to }: { readonly from: Day; readonly to: Day },
): Promise<DayChecks[]> {
  const days = new Set<Day>();
  for (const folder of FOLDERS) {
    for await (const { day } of list(store, folder, from)) {
      if (day > to) break;
      days.add(day);
    }
  }
  const found = await inBatches([...days].sort(), (day) => readCheckResults(store, day));
  return found.filter((checks) => checks !== undefined);
}

/** Days whose results were blocked, each with its last such claim; no document is read. */
export async function listBlocked(store: ObjectStore): Promise<ReadonlyMap<Day, Token>> {
  const blocked = new Map<Day, Token>();
  for await (const { day, token } of list(store, 'blocked')) blocked.set(day, token);
  return blocked;
}

/** Of exactly this claim, in the folder of what may be published; undefined when there is none. */
export function readPassed(store: ObjectStore, day: Day, token: Token): Promise<DayChecks | undefined> {
  return read(store, { day, token, folder: 'passed' });
}

async function listDay(store: ObjectStore, day: Day): Promise<ChecksName[]> {
  const names: ChecksName[] = [];
  for (const folder of FOLDERS) {
    for await (const { key } of store.list(checksDir(CHECKS_TABLE, folder, day))) {
      const name = nameOf(key);
      if (name !== undefined) names.push(name);
    }
  }
  return names.sort((a, b) => (a.token < b.token ? -1 : 1));
}

async function* list(
  store: ObjectStore,
  folder: ChecksName['folder'],
  from?: Day,
): AsyncGenerator<ChecksName> {
  const after = from === undefined ? {} : { after: checksDir(CHECKS_TABLE, folder, from) };
  for await (const { key } of store.list(checksDir(CHECKS_TABLE, folder), after)) {
    const name = nameOf(key);
    if (name !== undefined) yield name;
  }
}

function nameOf(key: string): ChecksName | undefined {
  const [, folder, day, token] = /\/checks\/(passed|blocked)\/dt=([^/]+)\/(\d{20})\.json$/.exec(key) ?? [];
  return token === undefined ? undefined : { folder: folder as ChecksName['folder'], day: day!, token };
}

/** Undefined when it was collected meanwhile. */
async function read(store: ObjectStore, { day, token, folder }: ChecksName): Promise<DayChecks | undefined> {
  const key = checksKey(CHECKS_TABLE, folder, day, token);
  const found = await getText(store, key);
  if (found === undefined) return undefined;
  return parseDocument(dayChecksSchema, found.text, {
    subject: `Document of check results "${key}"`,
    remedy: 'run the day again with --force, which checks it anew',
  });
}

const byTime = (a: DayChecks, b: DayChecks): number => (a.checkedAt < b.checkedAt ? -1 : 1);

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += READS_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + READS_AT_ONCE).map(work))));
  }
  return results;
}
