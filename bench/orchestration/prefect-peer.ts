/** Prefect on this machine: flows of sequential tasks, with the server and the SQLite database that it brings along. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { measureProcess } from '../support/measure-process.ts';
import { ensurePythonEnv, PREFECT_PYTHON } from '../support/python-env.ts';
import { median } from '../support/statistics.ts';
import type { Measured } from './result.ts';

const PEERS_DIR = join(import.meta.dirname, 'peers');
const TIMEOUT_MS = 300_000;
const times = z.object({ stepsMs: z.array(z.number()), chainMs: z.array(z.number()) });

/** Figures, or the reason why there are none. */
export async function measurePrefect(signal: AbortSignal): Promise<Measured> {
  const missing = await ensurePythonEnv('prefect', join(PEERS_DIR, 'prefect-requirements.txt'));
  if (missing !== undefined) return { missing };
  const home = await mkdtemp(join(tmpdir(), 'flyerline-prefect-'));
  try {
    const { exitCode, isTimedOut, stdout, stderr } = await measureProcess(
      [PREFECT_PYTHON, join(PEERS_DIR, 'prefect_runs.py')],
      { env: environment(home), timeoutMs: TIMEOUT_MS, signal },
    );
    if (isTimedOut) return { missing: `it took longer than ${TIMEOUT_MS / 1_000} s` };
    if (exitCode !== 0) return { missing: `it fails: ${stderr.trim().split('\n').at(-1)?.slice(0, 200)}` };
    const { stepsMs, chainMs } = times.parse(JSON.parse(stdout.trim().split('\n').at(-1)!));
    return [
      { title: 'chain of 40, median of 3', value: median(chainMs), unit: 'ms', like: 'chain' },
      { title: '3 steps, median of 9', value: median(stepsMs), unit: 'ms', like: 'steps' },
    ];
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Nothing of what others have configured, and nobody is told. */
function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    PREFECT_HOME: home,
    PREFECT_LOGGING_LEVEL: 'ERROR',
    PREFECT_SERVER_LOGGING_LEVEL: 'ERROR',
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '120',
    DO_NOT_TRACK: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
