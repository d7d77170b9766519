/** The subject: a whole nightly day by the local executor, publishing and exports included, started as a user starts it. */
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { formatBytes } from '../../cli/terminal.ts';
import type { Contender } from './contenders.ts';

export const DEFAULT_MEMORY_LIMIT = 1024 ** 3;

/** @param memoryLimitBytes of DuckDB in it. */
export function flyerline(memoryLimitBytes: number): Contender {
  const limit = formatBytes(memoryLimitBytes);
  return {
    name: memoryLimitBytes === DEFAULT_MEMORY_LIMIT ? 'flyerline' : `flyerline ${limit}`,
    note: `nightly, published and exported, ${limit}`,
    eventsMax: Number.POSITIVE_INFINITY,
    findMissing: async () => undefined,
    command: (job) => nightly({ ...job, lake: job.out, memoryLimitBytes }),
    facts: 'current/parquet/user_flyer_day/dt=*/user_flyer_day.parquet',
  };
}

export interface NightlyCall {
  readonly day: string;
  readonly drops: string;
  readonly lake: string;
  readonly scratch: string;
  readonly memoryLimitBytes?: number;
  readonly threads?: number;
  readonly force?: boolean;
}

export function nightly(call: NightlyCall): { args: string[]; env: NodeJS.ProcessEnv } {
  const options = {
    '--date': call.day,
    '--drops': call.drops,
    '--lake': call.lake,
    '--memory-limit': call.memoryLimitBytes,
    '--threads': call.threads,
  };
  return {
    args: [
      join(PROJECT_ROOT, 'flyerline'),
      'run',
      'nightly',
      '--json',
      ...Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name, `${value}`])),
      ...(call.force === true ? ['--force'] : []),
    ],
    // Settings of the machine must not change what is measured.
    env: { ...environmentWithoutSettings(), FLYERLINE_SCRATCH_DIR: call.scratch },
  };
}

function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FLYERLINE_')));
}
