/** Real input that is not part of the repository: a folder `shared` beside the checkout, or FLYERLINE_SHARED. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { Requirement } from './requirement.ts';

const folder = findShared();

/** A file of the shared folder; `missing` says what to do when it is not there. */
export function sharedFile(path: string): Requirement & { readonly path: string } {
  const full = join(folder ?? join(dirname(PROJECT_ROOT), 'shared'), path);
  if (existsSync(full)) return { path: full };
  return { path: full, missing: `${path} is not in ../shared; name the folder with FLYERLINE_SHARED` };
}

/** One real day: 20,723 events of 2018-10-01. */
export const realDay = sharedFile('data/flyer-events-2018-10-01.csv');

function findShared(): string | undefined {
  const given = process.env.FLYERLINE_SHARED;
  if (given !== undefined && given !== '') return resolve(given);
  const origin = localOrigin();
  const candidates = [PROJECT_ROOT, ...(origin === undefined ? [] : [origin])];
  return candidates.map((checkout) => join(dirname(checkout), 'shared')).find((path) => existsSync(path));
}

/** A clone of a local checkout finds what lies beside that checkout. */
function localOrigin(): string | undefined {
  try {
    const args = ['-C', PROJECT_ROOT, 'config', '--get', 'remote.origin.url'];
    const url = execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const path = url.replace(/^file:\/\//, '');
    return path.startsWith('/') ? path : undefined;
  } catch {
    return undefined;
  }
}
