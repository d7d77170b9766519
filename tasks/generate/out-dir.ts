/** The generator's output directory: drops and truth side by side, and nothing of anybody else's is ever removed. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlyerlineError } from '../../infra/errors.ts';
import type { Truth } from './truth.ts';
import { dayText } from './zones.ts';

export const dropsDir = (out: string) => join(out, 'drops');
export const truthPath = (out: string) => join(out, 'truth.json');
/** There from the start, so that an interrupted generation is recognised. */
const draftPath = (out: string) => join(out, '.truth.json.part');

/** An empty folder for drops; what an earlier generation left is removed. Throws FL_USAGE when drops are somebody else's. */
export function prepareOutDir(out: string): void {
  const drops = dropsDir(out);
  if (existsSync(drops) && !existsSync(truthPath(out)) && !existsSync(draftPath(out))) {
    throw new FlyerlineError('FL_USAGE', {
      subject: `Directory "${drops}"`,
      reason: 'exists already and was not made by the generator',
      remedy: 'choose another --out, or remove it yourself',
      retryable: false,
    });
  }
  mkdirSync(out, { recursive: true });
  writeFileSync(draftPath(out), '');
  rmSync(truthPath(out), { force: true });
  rmSync(drops, { recursive: true, force: true });
  mkdirSync(drops);
}

/** As Hadoop's committers do: the day's own hours are all there (phones that were offline may still send some). */
export function markComplete(out: string, day: number): void {
  const folder = join(dropsDir(out), dayText(day));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '_SUCCESS'), '');
}

/** Last of all, and at once: who sees `truth.json` sees all drops. */
export function writeTruth(out: string, truth: Truth): void {
  writeFileSync(draftPath(out), `${JSON.stringify(truth, null, 2)}\n`);
  renameSync(draftPath(out), truthPath(out));
}
