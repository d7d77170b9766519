/** What was really done in a drill, by kind: faults that found somebody, and processes that killed themselves at a step. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryEntry } from './result.ts';

/** Where a process notes, before it kills itself, at which step it does. */
export function crashesOf(dir: string): string {
  return join(dir, 'crashes');
}

/** Of what took hold: a plan proves nothing, and neither does an order to crash. */
export function countFaults(
  history: readonly HistoryEntry[],
  crashes: Readonly<Record<string, number>>,
): Record<string, number> {
  const done = history.filter(({ kind, missed }) => !missed && !kind.startsWith('crash-'));
  const counts = count(done.map(({ kind }) => kind));
  for (const kind of ['worker', 'scheduler']) {
    const steps = Object.entries(crashes).filter(([step]) => step.startsWith(`${kind} `));
    if (steps.length > 0) counts[`crash-${kind}`] = steps.reduce((sum, [, times]) => sum + times, 0);
  }
  return counts;
}

/** By step, of processes and of tasks; each leaves a mark before it dies. */
export async function countCrashes(dir: string): Promise<Record<string, number>> {
  const text = await readFile(crashesOf(dir), 'utf8').catch(() => '');
  const inTasks = await readdir(join(dir, 'memory'));
  return count([
    ...text.split('\n').filter(Boolean),
    ...inTasks.flatMap((name) => /\.crashed-(.+)$/.exec(name)?.[1] ?? []),
  ]);
}

function count(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(names, (name) => name)].map(([name, { length }]) => [name, length]),
  );
}
