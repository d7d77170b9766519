/** Installs Redis with the system's package manager, where that needs no password. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findExecutable } from './find-executable.ts';

const run = promisify(execFile);

interface PackageManager {
  readonly name: string;
  readonly commands: readonly (readonly string[])[];
  /** Homebrew installs into the user's own prefix and refuses to run as root. */
  readonly asRoot: boolean;
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    name: 'apt-get',
    commands: [['update'], ['install', '--yes', '--no-install-recommends', 'redis-server']],
    asRoot: true,
  },
  { name: 'apk', commands: [['add', '--no-cache', 'redis']], asRoot: true },
  { name: 'dnf', commands: [['install', '--assumeyes', 'redis']], asRoot: true },
  { name: 'brew', commands: [['install', 'redis']], asRoot: false },
];

const INSTALL_TIMEOUT_MS = 180_000;

/** Whether an installation went through. Never asks for a password, and never fails: the caller looks again. */
export async function installRedis(
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<boolean> {
  for (const manager of PACKAGE_MANAGERS) {
    const path = await findExecutable(manager.name, env);
    if (path === undefined) continue;
    const prefix = manager.asRoot ? await rootPrefix(env) : [];
    if (prefix === undefined) continue;
    onProgress(`Installing Redis with ${manager.name} (once; up to three minutes) …`);
    try {
      for (const command of manager.commands) {
        const [program, ...args] = [...prefix, path, ...command] as [string, ...string[]];
        await run(program, args, {
          timeout: INSTALL_TIMEOUT_MS,
          killSignal: 'SIGKILL',
          // RUNLEVEL: single user, in which Debian's init scripts start no service on the default port.
          env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', HOMEBREW_NO_AUTO_UPDATE: '1' },
        });
      }
      return true;
    } catch {
      // No network, a locked package database: another manager may do, else the caller names the remedies.
    }
  }
  return false;
}

/** What goes before a command so that it runs as root: nothing, or sudo without a password. */
async function rootPrefix(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const sudo = await findExecutable('sudo', env);
  if (sudo === undefined) return undefined;
  return run(sudo, ['--non-interactive', 'true'], { timeout: 5_000 }).then(
    () => [sudo, '--non-interactive'],
    () => undefined,
  );
}
