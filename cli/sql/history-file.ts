/** The statements of earlier prompts, in a file that only its owner reads: they may name users. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface History {
  /** Newest first, as readline has them. */
  read(): string[];
  /** A history that cannot be written is no reason to stop. */
  add(line: string): void;
}

const LINES_MAX = 1_000;

/** Below XDG_STATE_HOME, or where it is by default. */
export function historyFile(
  stateHome = process.env.XDG_STATE_HOME || join(homedir(), '.local/state'),
): History {
  const path = join(stateHome, 'flyerline/sql-history');
  const lines = () => readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return {
    read() {
      try {
        const kept = lines().slice(-LINES_MAX);
        writeFileSync(path, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        return kept.reverse();
      } catch {
        return [];
      }
    },
    add(line) {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        appendFileSync(path, `${line.replace(/\s*\n\s*/g, ' ')}\n`, { mode: 0o600 });
      } catch {
        // Read-only home: the prompt works without.
      }
    },
  };
}
