/** The scheduler and workers of `up`: processes of their own, told together to drain, and once more to end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../project-root.ts';

export interface ProcessGroup {
  /** Resolves with the name of the first process that ends without being asked. */
  readonly fallen: Promise<string>;
  /** The first call asks them to drain, the second to drop what they run. Resolves when all have ended. */
  stop(): Promise<void>;
}

export interface Member {
  readonly name: string;
  /** Below the project: `workers/worker.ts`. */
  readonly module: string;
  readonly args: readonly string[];
}

export function startGroup(members: readonly Member[], env: NodeJS.ProcessEnv): ProcessGroup {
  const children = members.map(({ module, args }) => start(module, args, env));
  const ended = children.map(async (child) => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  let stopping = false;
  const { promise: fallen, resolve } = Promise.withResolvers<string>();
  for (const [at, end] of ended.entries()) {
    void end.then(() => {
      if (!stopping) resolve(members[at]!.name);
    });
  }
  return {
    fallen,
    async stop() {
      stopping = true;
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ended);
    },
  };
}

/**
 * In a process group of its own, so that Ctrl-C reaches `up` alone. The channel tells it when `up` is gone: it stops then,
 * whatever ended `up`.
 */
function start(module: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, join(PROJECT_ROOT, module), ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', () => {});
  return child;
}
