/** A running process and its descendants, as Linux's /proc shows them. Elsewhere there is nothing to see. */
import { readdirSync, readFileSync } from 'node:fs';

/** What one process has cost so far. */
export interface ProcessCosts {
  /** Greatest resident set it ever had, bytes. */
  readonly peakRssBytes: number;
  /** User and system time. */
  readonly cpuMs: number;
  /** Handed to the system for writing, to files and pipes. */
  readonly bytesWritten: number;
}

/** The process and all below it that are alive now. */
export function processTree(rootPid: number): number[] {
  const pids = [rootPid];
  // The list grows while it is walked.
  for (const pid of pids) pids.push(...childrenOf(pid));
  return pids;
}

/** Undefined when the process is gone. */
export function readCosts(pid: number): ProcessCosts | undefined {
  const rssKib = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
  if (rssKib === undefined) return undefined;
  // `pid (name) state ppid …`: the name may hold anything, the 12th and 13th field after it are utime and stime.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  const written = /^wchar: (\d+)$/m.exec(read(`/proc/${pid}/io`))?.[1];
  return {
    peakRssBytes: Number(rssKib) * 1024,
    cpuMs: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS,
    bytesWritten: Number(written ?? 0),
  };
}

/** The kernel counts CPU time in hundredths of a second for everybody, whatever its own clock. */
const TICK_MS = 10;

/** A child hangs on the thread that forked it. */
function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
