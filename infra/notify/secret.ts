/** Reads a secret from where a setting says it is: `env:NAME` or `file:/path`. */
import { readFile } from 'node:fs/promises';
import { FlyerlineError } from '../errors.ts';

/** Read anew for each message, so that a secret may be replaced while the program runs. Throws FL_CONFIG_INVALID. */
export async function readSecret(ref: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const place = ref.slice(ref.indexOf(':') + 1);
  const secret = ref.startsWith('env:')
    ? env[place]
    : await readFile(place, 'utf8').catch((cause: unknown) => {
        throw unreadable(ref, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
      });
  if (secret === undefined || secret.trim() === '') throw unreadable(ref, 'holds nothing');
  return secret.trim();
}

function unreadable(ref: string, reason: string, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: `Secret "${ref}"`,
    reason,
    remedy: ref.startsWith('env:')
      ? 'set the variable for this process'
      : 'create the file, readable for this user',
    ...(cause === undefined ? {} : { cause }),
  });
}
