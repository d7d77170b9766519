/** A directory for one attempt, made when it is first asked for and removed when the attempt is over. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../infra/log.ts';

export interface Scratch {
  readonly path: string;
  /** What cannot be removed is logged, and left for the sweep at the next start. */
  remove(log: Logger): Promise<void>;
}

/** `root` is made when missing. */
export function lazyScratch(root: string, prefix: string): Scratch {
  let path: string | undefined;
  return {
    get path() {
      if (path === undefined) {
        mkdirSync(root, { recursive: true });
        path = mkdtempSync(join(root, prefix));
      }
      return path;
    },
    async remove(log) {
      if (path === undefined) return;
      try {
        await rm(path, { recursive: true, force: true, maxRetries: 3 });
      } catch (error) {
        log.warn('A scratch directory could not be removed.', { path, error });
      }
    },
  };
}
