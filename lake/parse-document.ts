/** JSON documents of the lake, checked by their schema as they are read. */
import type { z } from 'zod';
import { FlyerlineError } from '../infra/errors.ts';

/** `subject` names kind and key. Throws FL_TABLE_CORRUPT when the text is not what the schema says. */
export function parseDocument<S extends z.ZodType>(
  schema: S,
  text: Buffer | string,
  { subject, remedy }: { readonly subject: string; readonly remedy: string },
): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text.toString()));
  } catch (cause) {
    throw new FlyerlineError('FL_TABLE_CORRUPT', {
      subject,
      reason: 'does not parse',
      remedy,
      cause,
      retryable: false,
    });
  }
}
