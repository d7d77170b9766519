/** Finds or builds versitygw, the S3 server that the integration tests run against. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable, isExecutable } from '../../infra/find-executable.ts';
import { RUNTIME_DIR } from '../project-root.ts';

const run = promisify(execFile);

/** Older releases lose conditional writes that race (versitygw issue 2288). */
const VERSION = 'v1.8.0';
const BIN_DIR = join(RUNTIME_DIR, 'bin');
const BUILD_TIMEOUT_MS = 600_000;

/** Where Go's own installer puts it, which is often not on the PATH. */
const GO_DEFAULT_BIN = '/usr/local/go/bin/go';

/** The path of a ready binary: FLYERLINE_VERSITYGW, the PATH, or the one built here before. */
export async function findVersitygw(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const given = env.FLYERLINE_VERSITYGW;
  if (given !== undefined && given !== '') return (await isExecutable(given)) ? given : undefined;
  const built = join(BIN_DIR, 'versitygw');
  return (await findExecutable('versitygw', env)) ?? ((await isExecutable(built)) ? built : undefined);
}

/** Builds the pinned release with Go. Resolves to the reason when that cannot be done. */
export async function buildVersitygw(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const go = await findGo(env);
  if (go === undefined) return 'versitygw is not installed, and Go 1.21 or newer is not there to build it';
  await mkdir(BIN_DIR, { recursive: true });
  try {
    await run(go, ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
      cwd: BIN_DIR,
      env: { ...env, GOBIN: BIN_DIR, CGO_ENABLED: '0' },
      timeout: BUILD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 ** 2,
    });
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return `versitygw ${VERSION} does not build: ${(stderr.trim() || message).split('\n').at(-1)}`;
  }
}

async function findGo(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path =
    (await findExecutable('go', env)) ?? ((await isExecutable(GO_DEFAULT_BIN)) ? GO_DEFAULT_BIN : undefined);
  if (path === undefined) return undefined;
  const version = await run(path, ['env', 'GOVERSION'], { env, timeout: 10_000 }).catch(() => undefined);
  const [, minor] = /^go1\.(\d+)/.exec(version?.stdout ?? '') ?? [];
  return Number(minor) >= 21 ? path : undefined;
}
