/** A server as a child process that never outlives this process, however this process ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ChildServer {
  /** Undefined when the program could not be started at all. */
  readonly pid: number | undefined;
  /** Resolves when the process is gone, or could not be started. */
  readonly ended: Promise<void>;
  /** SIGTERM, so that it can flush, then SIGKILL. Safe to call twice. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 5_000;

/**
 * Starts `program` in a process group of its own: Ctrl-C on the terminal reaches this process only, which then
 * ends what uses the server before it ends the server.
 */
export function startChildServer(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'env' | 'cwd' | 'stdio'> = {},
): ChildServer {
  const child = spawn(program, args, { stdio: 'ignore', ...options, detached: true });
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).then(
    () => {},
    () => {},
  );
  const guard = child.pid === undefined ? undefined : guardAgainstOurDeath(child.pid);
  // A server that nobody stops must not keep this process from ending; the guard ends it then.
  child.unref();
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    child.ref();
    // First, so that it cannot signal a process that meanwhile got the server's id.
    guard?.kill('SIGKILL');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  };
  return {
    pid: child.pid,
    ended,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/**
 * A shell that waits for the end of a pipe which only this process holds open: it ends with us, by whatever
 * signal, SIGKILL included. An exit handler would miss signals.
 */
function guardAgainstOurDeath(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  // The pipe is a socket, whose handle would keep the event loop alive.
  (guard.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return guard;
}
