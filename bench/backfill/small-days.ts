/** Small days as drops, and a lake that has read them; each way of making the days begins with a copy of it. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../lake/sha256.ts';
import { generateDrops } from '../../tasks/generate-drops.ts';
import { dayName, dayNumber } from '../../tasks/ingest/days.ts';
import { command, type RunCommand } from './run-command.ts';

const START = '2018-01-01';

export interface SmallDays {
  readonly drops: string;
  /** Has read all drops and published nothing. */
  readonly lake: string;
  readonly days: readonly string[];
  readonly rowCount: number;
  readonly dropCount: number;
  readonly firstPlanMs: number;
}

export async function makeSmallDays(
  root: string,
  { days, events }: { readonly days: number; readonly events: number },
  signal: AbortSignal,
): Promise<SmallDays> {
  const out = join(root, 'data');
  const { drops: files, totals } = await generateDrops(
    { out, start: START, days, events: days * events },
    { signal },
  );
  const [drops, lake] = [join(out, 'drops'), join(root, 'lake')];
  const first = dayNumber(START);
  const names = Array.from({ length: days }, (_, index) => dayName(first + index));
  const run: RunCommand = { lake, drops, scratch: join(root, 'scratch'), signal };
  const startMs = performance.now();
  await command(run, 'backfill', 'plan', 'nightly', '--from', names[0]!, '--to', names.at(-1)!);
  const firstPlanMs = performance.now() - startMs;
  return { drops, lake, days: names, rowCount: totals.rows_read, dropCount: files.length, firstPlanMs };
}

export async function copyLake({ lake }: SmallDays, to: string): Promise<string> {
  await cp(lake, to, { recursive: true });
  return to;
}

/** What readers see of these days: hashes of the exports by name. */
export async function exportsOf(lake: string, days: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const wanted = new Set(days);
  const root = join(lake, 'current');
  const names = (await readdir(root, { recursive: true })).filter((name) => {
    return /\.(?:parquet|csv)$/.test(name) && wanted.has(dayOf(name));
  });
  const hashes = new Map<string, string>();
  for (const name of names) hashes.set(name, sha256Hex(await readFile(join(root, name))));
  return hashes;
}

/** Of the name of an export. */
export const dayOf = (name: string): string => /\/dt=([^/]+)\//.exec(name)?.[1] ?? '';
