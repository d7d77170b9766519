/** `gc`: deletes what nobody can need any more, or says what it would delete. */
import { collectGarbage, findGarbage, type Garbage, type GarbageKind } from '../../lake/gc.ts';
import { formatBytes, formatCount, table } from '../terminal.ts';
import { type LakeOptions, withLake } from './open-lake.ts';

const DAY_MS = 86_400_000;

export interface GcCommandOptions extends LakeOptions {
  readonly dryRun: boolean;
  readonly keepReplacedDays: number;
  readonly keepYoungerDays: number;
}

const WHAT: Readonly<Record<GarbageKind, string>> = {
  replaced: 'data files that newer versions replaced',
  orphan: 'data files of runs that died before the commit',
  claim: 'old claims',
  manifest: 'manifests of versions that are gone',
  scratch: 'files that tasks left for each other',
  probe: 'leftovers of the probe',
};

export async function gc(options: GcCommandOptions): Promise<void> {
  await withLake(options, options.dryRun ? 'read' : 'write', async (store, { json }) => {
    const limits = {
      retentionMs: options.keepReplacedDays * DAY_MS,
      graceMs: options.keepYoungerDays * DAY_MS,
    };
    const found: Garbage[] = [];
    let uploads = 0;
    if (options.dryRun) for await (const garbage of findGarbage(store, limits)) found.push(garbage);
    else ({ uploads } = await collectGarbage(store, limits, (garbage) => found.push(garbage)));
    const bytes = sizeOf(found);
    if (json) {
      const objects = found.map(({ key, kind, size }) => ({ key, kind, size }));
      process.stdout.write(`${JSON.stringify({ dryRun: options.dryRun, bytes, uploads, objects })}\n`);
      return;
    }
    const verb = options.dryRun ? 'would be deleted' : 'deleted';
    const lines = [`${formatCount(found.length)} objects, ${formatBytes(bytes)}, ${verb}.`];
    if (uploads > 0) lines.push(`${formatCount(uploads)} abandoned uploads aborted.`);
    if (found.length > 0) lines.push('', byKind(found));
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}

function byKind(found: readonly Garbage[]): string {
  return table(
    [...Map.groupBy(found, ({ kind }) => kind)],
    [
      { header: 'What', value: ([kind]) => WHAT[kind] },
      { header: 'Objects', value: ([, objects]) => formatCount(objects.length), align: 'right' },
      { header: 'Size', value: ([, objects]) => formatBytes(sizeOf(objects)), align: 'right' },
      { header: 'For example', value: ([, objects]) => objects[0]!.key },
    ],
  );
}

function sizeOf(found: readonly Garbage[]): number {
  return found.reduce((total, { size }) => total + size, 0);
}
