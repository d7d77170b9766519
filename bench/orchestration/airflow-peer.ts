/** Airflow on this machine: scheduler, DAG processor and API server, tasks by its LocalExecutor, state in SQLite. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ChildServer, startChildServer } from '../../infra/child-server.ts';
import { freePort } from '../../infra/free-port.ts';
import { AIRFLOW_PYTHON, ensurePythonEnv } from '../support/python-env.ts';
import { median } from '../support/statistics.ts';
import { type AirflowApi, airflowApi } from './airflow-api.ts';
import type { Measured } from './result.ts';

const PEERS_DIR = join(import.meta.dirname, 'peers');
const MIGRATE_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 400_000;
const STEPS_RUNS = 5;

/** Figures, or the reason why there are none. */
export async function measureAirflow(concurrency: number, signal: AbortSignal): Promise<Measured> {
  const missing = await ensurePythonEnv('airflow', join(PEERS_DIR, 'airflow-requirements.txt'));
  if (missing !== undefined) return { missing };
  const home = await mkdtemp(join(tmpdir(), 'flyerline-airflow-'));
  const port = await freePort();
  const env = environment(home, port, concurrency);
  const parts: ChildServer[] = [];
  try {
    const migrate = ['-m', 'airflow', 'db', 'migrate'];
    await promisify(execFile)(AIRFLOW_PYTHON, migrate, { env, timeout: MIGRATE_TIMEOUT_MS, signal });
    // Without servers of logs, which would listen on all interfaces.
    for (const part of [['api-server'], ['scheduler', '--skip-serve-logs'], ['dag-processor']])
      parts.push(startChildServer(AIRFLOW_PYTHON, ['-m', 'airflow', ...part], { env, cwd: home }));
    const api = await ready(port, signal);
    if (api === undefined) return { missing: `it was not ready within ${READY_TIMEOUT_MS / 1_000} s` };
    const run = (dagId: string) =>
      api.run(dagId, AbortSignal.any([signal, AbortSignal.timeout(RUN_TIMEOUT_MS)]));
    await run('steps_3');
    const steps: number[] = [];
    for (let n = 0; n < STEPS_RUNS; n += 1) steps.push(await run('steps_3'));
    return [
      { title: 'chain of 40, once', value: await run('chain_40'), unit: 'ms', like: 'chain' },
      { title: `3 steps, median of ${STEPS_RUNS}`, value: median(steps), unit: 'ms', like: 'steps' },
    ];
  } catch (error) {
    signal.throwIfAborted();
    return {
      missing: `it fails: ${String((error as Error).message)
        .split('\n')[0]!
        .slice(0, 200)}`,
    };
  } finally {
    await Promise.all(parts.map(stopped));
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** With the processes it has started for tasks, which share its group. */
async function stopped(part: ChildServer): Promise<void> {
  await part.stop();
  try {
    if (part.pid !== undefined) process.kill(-part.pid, 'SIGKILL');
  } catch {
    // None is left.
  }
}

/** Once the DAGs are known. */
async function ready(port: number, signal: AbortSignal): Promise<AirflowApi | undefined> {
  for (const deadlineMs = Date.now() + READY_TIMEOUT_MS; Date.now() < deadlineMs; ) {
    const api = await airflowApi(port).catch(() => undefined);
    if ((await api?.knows(['chain_40', 'steps_3']).catch(() => false)) === true) return api;
    await sleep(500, undefined, { signal });
  }
  return undefined;
}

/** Nothing of what others have configured; as many tasks at a time as our workers run; on loopback only. */
function environment(home: string, port: number, concurrency: number): NodeJS.ProcessEnv {
  const url = `http://127.0.0.1:${port}`;
  return {
    PATH: process.env.PATH,
    HOME: home,
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(PEERS_DIR, 'airflow_dags'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    AIRFLOW__CORE__PARALLELISM: String(concurrency),
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${url}/execution/`,
    AIRFLOW__API__HOST: '127.0.0.1',
    AIRFLOW__API__PORT: String(port),
    AIRFLOW__API__BASE_URL: url,
    AIRFLOW__API__WORKERS: '1',
    AIRFLOW__API__SECRET_KEY: randomBytes(32).toString('hex'),
    AIRFLOW__API_AUTH__JWT_SECRET: randomBytes(64).toString('hex'),
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
    AIRFLOW__LOGGING__LOGGING_LEVEL: 'WARNING',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
