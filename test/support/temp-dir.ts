/** A directory for one test file, removed after it. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export interface TempDir {
  readonly path: string;
  /** A new empty directory below `path`: one for each test that wants its own. */
  fresh(): string;
}

/** Call it at the top of a file or of a `describe`. */
export function useTempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'flyerline-test-'));
  afterAll(() => rm(path, { recursive: true, force: true, maxRetries: 3 }));
  return { path, fresh: () => mkdtempSync(join(path, 't-')) };
}
