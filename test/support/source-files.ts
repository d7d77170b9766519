/** The files of the project, as git sees them: tracked, or new and not ignored. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

export interface SourceFile {
  /** Relative to the project's root. */
  readonly path: string;
  readonly text: string;
}

/** @param extensions with their dots; '' for files without one. */
export function projectFiles(...extensions: readonly string[]): SourceFile[] {
  return listed()
    .filter((path) => extensions.length === 0 || extensions.includes(extname(path)))
    .filter((path) => existsSync(join(PROJECT_ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));
}

function listed(): string[] {
  const args = ['-C', PROJECT_ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  return execFileSync('git', args, { encoding: 'utf8' }).split('\0').filter(Boolean).sort();
}
