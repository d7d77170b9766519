/** Finds or makes the Python environment of the tests: S3 servers, and readers of the lake that are not ours. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable, isExecutable } from '../../infra/find-executable.ts';
import { PROJECT_ROOT, RUNTIME_DIR } from '../project-root.ts';

const run = promisify(execFile);

const VENV_DIR = join(RUNTIME_DIR, 'venv');
const REQUIREMENTS = join(PROJECT_ROOT, 'test/requirements.txt');
/** A copy of the requirements that the environment was made from, written last. */
const STAMP = join(VENV_DIR, 'flyerline-requirements.txt');
const INSTALL_TIMEOUT_MS = 600_000;

/** A Python that has the packages of test/requirements.txt: FLYERLINE_PYTHON, or the environment made here before. */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env.FLYERLINE_PYTHON;
  if (given !== undefined && given !== '') return (await isExecutable(given)) ? given : undefined;
  const python = join(VENV_DIR, 'bin/python');
  const wanted = await readFile(REQUIREMENTS, 'utf8');
  const installed = await readFile(STAMP, 'utf8').catch(() => undefined);
  return installed === wanted && (await isExecutable(python)) ? python : undefined;
}

/** Makes the environment anew. Resolves to the reason when that cannot be done. */
export async function makePython(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const python = await findExecutable('python3', env);
  if (python === undefined) return 'Python 3 is not installed';
  try {
    await rm(VENV_DIR, { recursive: true, force: true });
    await mkdir(RUNTIME_DIR, { recursive: true });
    await run(python, ['-m', 'venv', VENV_DIR], { env, timeout: INSTALL_TIMEOUT_MS });
    await run(join(VENV_DIR, 'bin/python'), PIP_INSTALL, {
      env,
      timeout: INSTALL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 ** 2,
    });
    await writeFile(STAMP, await readFile(REQUIREMENTS));
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return `the packages of test/requirements.txt do not install: ${(stderr.trim() || message).split('\n').at(-1)}`;
  }
}

const PIP_INSTALL = [
  '-m',
  'pip',
  'install',
  '--quiet',
  '--disable-pip-version-check',
  '--requirement',
  REQUIREMENTS,
];
