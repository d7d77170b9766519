/**
 * What has changed since a reader last looked: the feeds of several tables from a position on.
 *
 * A position is the number of the last line of each feed that was dealt with. Whoever stores it after they have applied the
 * changes misses none, and sees some again when they die in between: at least once. Loading a day twice must not matter.
 */
import { FlyerlineError } from '../infra/errors.ts';
import type { ObjectStore } from './object-store.ts';
import { type Restatement, readRestatements } from './restatements.ts';

/** Table → seq of the last line that was dealt with; tables that are not in it are new to the reader. */
export type FeedPosition = Readonly<Record<string, number>>;

export interface Changes {
  /** What to remember, and to ask with next time. */
  readonly position: FeedPosition;
  /** Table by table, oldest first. A day may be in it more than once; its last line tells what is there now. */
  readonly changes: readonly Restatement[];
}

/**
 * Throws FL_USAGE for a position that is ahead of its feed.
 *
 * @param since a position, or a time: lines written at it or later. @default from the first line on
 */
export async function readChanges(
  store: ObjectStore,
  tables: readonly string[],
  since: FeedPosition | { readonly timeMs: number } = {},
): Promise<Changes> {
  const feeds = await Promise.all(
    tables.map(async (table) => ({ table, lines: await readRestatements(store, table) })),
  );
  for (const { table, lines } of feeds) {
    const seq = isTime(since) ? 0 : (since[table] ?? 0);
    if (seq > lines.length) throw aheadOfFeed(table, seq, lines.length);
  }
  const isNew = ({ table, seq, at }: Restatement) =>
    isTime(since) ? Date.parse(at) >= since.timeMs : seq > (since[table] ?? 0);
  return {
    position: Object.fromEntries(feeds.map(({ table, lines }) => [table, lines.length])),
    changes: feeds.flatMap(({ lines }) => lines.filter(isNew)),
  };
}

/** `merchant_day=12,user_day=9`. */
export function formatPosition(position: FeedPosition): string {
  return Object.entries(position)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([table, seq]) => `${table}=${seq}`)
    .join(',');
}

/** Undefined when the text is none. Throws FL_USAGE for a position that names something else than these tables. */
export function parsePosition(text: string, tables: readonly string[]): FeedPosition | undefined {
  const entries = text.split(',').map((part) => /^(\w+)=(\d+)$/.exec(part.trim()));
  if (entries.some((entry) => entry === null)) return undefined;
  const unknown = entries.map((entry) => entry![1]!).find((table) => !tables.includes(table));
  if (unknown === undefined)
    return Object.fromEntries(entries.map((entry) => [entry![1]!, Number(entry![2])]));
  throw new FlyerlineError('FL_USAGE', {
    subject: `The position "${text}"`,
    reason: `names "${unknown}", which has no feed here`,
    remedy: `use ${tables.join(', ')}`,
    retryable: false,
  });
}

const isTime = (since: FeedPosition | { readonly timeMs: number }): since is { readonly timeMs: number } =>
  'timeMs' in since;

/** Nothing would ever be new to a reader who asks so, for as long as the feed has fewer lines. */
function aheadOfFeed(table: string, seq: number, length: number): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: `The position ${table}=${seq}`,
    reason: `is ahead of the feed, which has ${length} lines: it is of another lake, or the lake was made anew`,
    remedy: `load the table anew, from ${table}=0 on`,
    retryable: false,
  });
}
