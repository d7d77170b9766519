/** Starts versitygw, ministack or moto as a child process on a free loopback port. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPython } from '../../cli/test/python.ts';
import { findVersitygw } from '../../cli/test/versitygw.ts';
import { type ChildServer, startChildServer } from '../../infra/child-server.ts';
import { freePort } from '../../infra/free-port.ts';
import type { Requirement } from './requirement.ts';

export type S3ServerKind = 'versitygw' | 'moto' | 'ministack';

const versitygwPath = await findVersitygw();
const pythonPath = await findPython();

/** For `describeWith`: whether each kind can be had. `./flyerline test` provides both before it runs the tests. */
export const s3ServerInstalled: Readonly<Record<S3ServerKind, Requirement>> = {
  versitygw:
    versitygwPath === undefined
      ? { missing: 'versitygw is not built; ./flyerline test builds it with Go' }
      : {},
  moto:
    pythonPath === undefined
      ? { missing: 'moto is not installed; ./flyerline test installs it with Python' }
      : {},
  ministack:
    pythonPath === undefined
      ? { missing: 'ministack is not installed; ./flyerline test installs it with Python' }
      : {},
};

const START_ATTEMPTS_MAX = 3;
const START_TIMEOUT_MS = 15_000;

/** Resolves once the server answers. Throws when it does not come up. */
export async function startS3Server(
  kind: S3ServerKind,
  rootDir: string,
  credentials: Record<string, string>,
): Promise<{ server: ChildServer; endpoint: string }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = await START[kind](port, rootDir, credentials);
    const endpoint = `http://127.0.0.1:${port}`;
    if (await answers(server, endpoint)) return { server, endpoint };
    await server.stop();
    if (attempt === START_ATTEMPTS_MAX) throw new Error(`${kind} does not start on port ${port}`);
  }
}

type Start = (port: number, rootDir: string, credentials: Record<string, string>) => Promise<ChildServer>;

const START: Readonly<Record<S3ServerKind, Start>> = {
  versitygw: async (port, rootDir, credentials) => {
    // Metadata beside the data, not in extended attributes, which a temporary file system may not have.
    const [data, metadata] = [join(rootDir, 'data'), join(rootDir, 'metadata')];
    for (const directory of [data, metadata]) await mkdir(directory, { recursive: true });
    const args = [
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      '--keep-alive',
      'posix',
      '--sidecar',
      metadata,
      data,
    ];
    const env = {
      ROOT_ACCESS_KEY_ID: credentials.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_ACCESS_KEY: credentials.AWS_SECRET_ACCESS_KEY,
    };
    return startChildServer(versitygwPath!, args, { env: { ...process.env, ...env }, cwd: rootDir });
  },
  moto: async (port, rootDir) =>
    startChildServer(pythonPath!, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      cwd: rootDir,
    }),
  ministack: async (port, rootDir, credentials) => {
    const env = {
      // Of its root user. Signatures and policies are checked.
      ...credentials,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      SERVICES: 's3,iam,sts',
      // It keeps a file with its process id there.
      TMPDIR: rootDir,
      // It looks after containers of its own; here it has none, and must not look.
      DOCKER_HOST: 'unix:///none',
    };
    return startChildServer(pythonPath!, ['-m', 'ministack'], {
      env: { ...process.env, ...env },
      cwd: rootDir,
    });
  },
};

/** Any answer will do: versitygw refuses a request without a signature. */
async function answers(server: ChildServer, endpoint: string): Promise<boolean> {
  let gone = false;
  void server.ended.then(() => {
    gone = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!gone && Date.now() < deadline) {
    const answered = await fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
    if (answered) return true;
    await sleep(25);
  }
  return false;
}
