/** Has Spark with Delta's jars read a table, in a process of its own. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUNTIME_DIR } from '../../cli/project-root.ts';
import { findExecutable } from '../../infra/find-executable.ts';
import { measureProcess } from '../support/measure-process.ts';
import { ensurePythonEnv, SPARK_PYTHON } from '../support/python-env.ts';
import { type SparkSeen, sparkSeen } from './result.ts';

const READER = fileURLToPath(new URL('./read_delta.py', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
/** Jars, kept for the next time. */
const JARS_DIR = join(RUNTIME_DIR, 'ivy');
const TIMEOUT_MS = 900_000;

/** Or the reason why it cannot be asked. Throws when Spark starts and fails. */
export async function askSpark(
  table: string,
  versions: readonly number[],
  snippet: string,
  { onStep, signal }: { readonly onStep: (what: string) => void; readonly signal: AbortSignal },
): Promise<SparkSeen | string> {
  if ((await findExecutable('java')) === undefined) return 'Java is not installed';
  const onInstall = () => onStep('installing PySpark (once; a minute or two)');
  const missing = await ensurePythonEnv('spark', REQUIREMENTS, onInstall);
  if (missing !== undefined) return missing;
  onStep("Spark reads (the first time, Delta's jars are fetched from Maven Central)");
  const command = [SPARK_PYTHON, READER, table, JARS_DIR, JSON.stringify(versions), snippet];
  const { exitCode, isTimedOut, stdout, stderr } = await measureProcess(command, {
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (exitCode === 0) return sparkSeen.parse(JSON.parse(stdout.trim().split('\n').at(-1)!));
  if (/unresolved dependenc|SERVER ERROR|UNRESOLVED DEPENDENCIES/i.test(stderr))
    return "Delta's jars cannot be fetched from Maven Central";
  throw new Error(
    `Spark ${isTimedOut ? 'takes too long' : 'fails'}: ${stderr.trim().split('\n').at(-1)?.slice(0, 300)}`,
  );
}
