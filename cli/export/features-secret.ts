/** The secret that makes keys of user ids: from the environment or a file, and never part of the configuration that is passed on. */
import { readFileSync } from 'node:fs';
import { FlyerlineError } from '../../infra/errors.ts';

/** Throws FL_CONFIG_INVALID when there is none, or its file cannot be read. */
export function featuresSecret(file: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const given = env.FLYERLINE_FEATURES_SECRET;
  if (given !== undefined && given !== '') return given;
  if (file === undefined) {
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: 'The secret for user keys',
      reason: 'is not set, and features leave the lake under keyed user ids only',
      remedy:
        'set FLYERLINE_FEATURES_SECRET, or name a file that holds it with FLYERLINE_FEATURES_SECRET_FILE',
      retryable: false,
    });
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: `The file "${file}" for the secret of user keys`,
      reason: 'cannot be read',
      remedy: 'correct FLYERLINE_FEATURES_SECRET_FILE or the permissions of the file',
      cause,
      retryable: false,
    });
  }
}
