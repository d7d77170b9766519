/** Generated drops to measure with, kept between runs under `.flyerline/bench/data`. */
import { createHash } from 'node:crypto';
import { createReadStream, globSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { generateDrops } from '../../tasks/generate-drops.ts';
import type { InputFormat } from './formats.ts';
import { dropPaths } from './peers/job.ts';

export interface Dataset {
  /** Asked for; the generator stops within a session of it. */
  readonly events: number;
  readonly format: InputFormat;
  /** The day that is computed. */
  readonly day: string;
  /** Folder of the drops. */
  readonly drops: string;
  readonly rowCount: number;
  readonly dropCount: number;
  /** Of all drops, as they lie there. */
  readonly bytes: number;
}

export const BENCH_DIR = join(PROJECT_ROOT, '.flyerline/bench');

const DAY = '2018-10-01';
const SEED = 7;

export interface DatasetHooks {
  /** Called when the drops have to be generated, with the share that is done. */
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}

export async function prepareDataset(
  events: number,
  format: InputFormat,
  hooks: DatasetHooks,
): Promise<Dataset> {
  const folder = join(BENCH_DIR, 'data', `${events}-${format}`);
  const stamp = join(folder, 'dataset.json');
  const generator = await hashGenerator();
  const known = await readStamp(stamp);
  if (known?.generator === generator) return known.dataset;

  await rm(folder, { recursive: true, force: true });
  const { totals } = await generateDrops(
    { out: folder, start: DAY, days: 1, events, format, seed: SEED },
    { onProgress: ({ fraction }) => hooks.onProgress(fraction), signal: hooks.signal },
  );
  const drops = join(folder, 'drops');
  const paths = dropPaths({ drops, format });
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const dataset: Dataset = {
    events,
    format,
    day: DAY,
    drops,
    rowCount: totals.rows_read,
    dropCount: paths.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
  await writeFile(stamp, JSON.stringify({ generator, dataset } satisfies Stamp));
  return dataset;
}

/** Reads all drops once, so that every contender finds them in the page cache. */
export async function warm(dataset: Dataset): Promise<void> {
  for (const path of dropPaths(dataset)) {
    for await (const _piece of createReadStream(path, { highWaterMark: 1024 ** 2 }));
  }
}

interface Stamp {
  /** Hash of the generator's source: other code, other drops. */
  readonly generator: string;
  readonly dataset: Dataset;
}

async function readStamp(path: string): Promise<Stamp | undefined> {
  return readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as Stamp,
    () => undefined,
  );
}

async function hashGenerator(): Promise<string> {
  const hash = createHash('sha256');
  const sources = globSync('tasks/{generate-drops,events,generate/*}.ts', { cwd: PROJECT_ROOT }).sort();
  for (const source of sources) hash.update(await readFile(join(PROJECT_ROOT, source)));
  return hash.digest('hex');
}
