/** Where `./flyerline up` runs: written down, so that other commands find its Redis without being told. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { isAlive } from '../../infra/is-alive.ts';

/** Below the directory one calls the command in. */
export const UP_DIR = '.flyerline';

const noteSchema = z.object({ pid: z.int(), redisUrl: z.string(), redisPrefix: z.string() });
export type UpNote = z.infer<typeof noteSchema>;

const path = (): string => resolve(UP_DIR, 'up.json');

export function writeUpNote(note: UpNote): void {
  mkdirSync(dirname(path()), { recursive: true });
  writeFileSync(path(), `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

export function removeUpNote(): void {
  rmSync(path(), { force: true });
}

/** Undefined when nothing is up, or what was up has died. */
export function readUpNote(): UpNote | undefined {
  let note: UpNote;
  try {
    note = noteSchema.parse(JSON.parse(readFileSync(path(), 'utf8')));
  } catch {
    return undefined;
  }
  return isAlive(note.pid) ? note : undefined;
}
