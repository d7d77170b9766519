/** The Python environments of the benchmarks' peers, `.runtime/venv-…`, made on first use. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RUNTIME_DIR } from '../../cli/project-root.ts';
import { findExecutable, isExecutable } from '../../infra/find-executable.ts';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 900_000;
const OUTPUT_MAX_BYTES = 64 * 1024 ** 2;

/** Peers whose packages exclude each other have environments of their own. */
export type PythonEnv = 'bench' | 'spark' | 'prefect' | 'airflow';

const FOLDER: Readonly<Record<PythonEnv, string>> = {
  bench: join(RUNTIME_DIR, 'venv-bench'),
  spark: join(RUNTIME_DIR, 'venv-spark'),
  prefect: join(RUNTIME_DIR, 'venv-prefect'),
  airflow: join(RUNTIME_DIR, 'venv-airflow'),
};

/** There once `ensurePythonEnv` has found nothing missing. */
export const BENCH_PYTHON = pythonIn('bench');
export const SPARK_PYTHON = pythonIn('spark');
export const PREFECT_PYTHON = pythonIn('prefect');
export const AIRFLOW_PYTHON = pythonIn('airflow');

function pythonIn(name: PythonEnv): string {
  return join(FOLDER[name], 'bin/python');
}

/**
 * Makes the environment with the packages of the file `requirements`. Resolves to the reason when that cannot be done.
 *
 * @param onInstall is called before packages are downloaded, which takes a minute or more.
 */
export async function ensurePythonEnv(
  name: PythonEnv,
  requirements: string,
  onInstall: () => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const folder = FOLDER[name];
  // A copy of the requirements that the environment was made from, written last.
  const stamp = join(folder, 'flyerline-requirements.txt');
  const wanted = await readFile(requirements, 'utf8');
  const installed = await readFile(stamp, 'utf8').catch(() => undefined);
  if (installed === wanted && (await isExecutable(pythonIn(name)))) return undefined;

  const python = await findExecutable('python3', env);
  if (python === undefined) return 'Python 3 is not installed';
  onInstall();
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(RUNTIME_DIR, { recursive: true });
    await install(python, ['-m', 'venv', folder], env);
    await install(pythonIn(name), ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], env);
    await writeFile(stamp, wanted);
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return `its Python packages do not install: ${(stderr.trim() || message).split('\n').at(-1)}`;
  }
}

async function install(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  await run(program, args, {
    env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    timeout: INSTALL_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_MAX_BYTES,
  });
}
