/** The Python environment of the benchmarks' peers: `.runtime/venv-bench`, made on first use. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RUNTIME_DIR } from '../../cli/project-root.ts';
import { findExecutable, isExecutable } from '../../infra/find-executable.ts';

const run = promisify(execFile);

const INSTALL_TIMEOUT_MS = 900_000;
const OUTPUT_MAX_BYTES = 64 * 1024 ** 2;

const FOLDER = join(RUNTIME_DIR, 'venv-bench');
/** A copy of the requirements that the environment was made from, written last. */
const STAMP = join(FOLDER, 'flyerline-requirements.txt');

/** There once `ensurePythonEnv` has found nothing missing. */
export const BENCH_PYTHON = join(FOLDER, 'bin/python');

/**
 * Makes the environment with the packages of the file `requirements`. Resolves to the reason when that cannot be done.
 *
 * @param onInstall is called before packages are downloaded, which takes a minute or more.
 */
export async function ensurePythonEnv(
  requirements: string,
  onInstall: () => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const wanted = await readFile(requirements, 'utf8');
  const installed = await readFile(STAMP, 'utf8').catch(() => undefined);
  if (installed === wanted && (await isExecutable(BENCH_PYTHON))) return undefined;

  const python = await findExecutable('python3', env);
  if (python === undefined) return 'Python 3 is not installed';
  onInstall();
  try {
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(RUNTIME_DIR, { recursive: true });
    await install(python, ['-m', 'venv', FOLDER], env);
    await install(BENCH_PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], env);
    await writeFile(STAMP, wanted);
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
