/** A certificate for 127.0.0.1 that has signed itself, made with openssl. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from '../../infra/find-executable.ts';
import type { Requirement } from './requirement.ts';

export const opensslInstalled: Requirement = (await findExecutable('openssl'))
  ? {}
  : { missing: 'openssl is not installed' };

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** The file of `cert`: who is told to trust it, trusts the server. */
  readonly certPath: string;
}

export async function selfSigned(dir: string): Promise<Certificate> {
  const [keyPath, certPath] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const about = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const run = promisify(execFile);
  await run('openssl', [...kind, ...about, '-keyout', keyPath, '-out', certPath], { timeout: 30_000 });
  return { key: await readFile(keyPath, 'utf8'), cert: await readFile(certPath, 'utf8'), certPath };
}
