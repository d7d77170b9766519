/** What a figure depends on besides the code: the machine and its versions. Nothing that names the machine. */
import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { version as duckdbVersion } from '@duckdb/node-api';

export interface Environment {
  readonly cpuModel: string;
  /** That this process may use. */
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly duckdb: string;
  /** Of the checkout, with `+` when it has uncommitted changes. */
  readonly commit: string | undefined;
  /** Processes that wanted a CPU in the last minute: on a quiet machine, near 0. */
  readonly loadAverage: number;
}

export function describeEnvironment(projectRoot: string): Environment {
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${platform()} ${release().split('-')[0]} ${arch()}`,
    node: process.versions.node,
    duckdb: duckdbVersion(),
    commit: readCommit(projectRoot),
    loadAverage: loadavg()[0]!,
  };
}

function readCommit(projectRoot: string): string | undefined {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', projectRoot, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const isDirty = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${isDirty ? '+' : ''}`;
  } catch {
    return undefined;
  }
}
