/** The folder of a demo: wiped at the start, but only when it is one. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FlyerlineError } from '../../infra/errors.ts';

export interface DemoDir {
  readonly path: string;
  /** What the generator writes: `drops/` and `truth.json`. */
  readonly data: string;
  readonly lake: string;
  readonly redis: string;
  readonly scratch: string;
  readonly logs: string;
  /** Settings of the demo's processes; commands take them with FLYERLINE_CONFIG. */
  readonly config: string;
}

const MARKER = '.flyerline-demo';

/** Below the working directory, beside the default lake. */
export const DEMO_DIR_DEFAULT = '.flyerline/demo';

/** An empty demo folder. Throws FL_USAGE when the folder holds anything else than an earlier demo. */
export function prepareDemoDir(dir: string): DemoDir {
  const path = resolve(dir);
  if (existsSync(path) && readdirSync(path).length > 0) {
    if (!existsSync(join(path, MARKER))) throw notADemo(path);
    rmSync(path, { recursive: true });
  }
  mkdirSync(join(path, 'logs'), { recursive: true });
  writeFileSync(join(path, MARKER), 'Made by ./flyerline demo, and wiped by the next one.\n');
  return {
    path,
    data: join(path, 'data'),
    lake: join(path, 'lake'),
    redis: join(path, 'redis'),
    scratch: join(path, 'scratch'),
    logs: join(path, 'logs'),
    config: join(path, 'config.json'),
  };
}

function notADemo(path: string): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: `Directory "${path}"`,
    reason: 'holds something else than an earlier demo',
    remedy: 'choose a new or empty one with --keep',
    retryable: false,
  });
}
