/** Run parameters as people type them on the command line. */
import { InvalidArgumentError } from 'commander';

/** `name=value`, added to those before. A value that is JSON (a number, true, "text") is taken as such, anything else as text. */
export function collectParam(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value, like inactivity_timeout_s=900.');
  return { ...before, [text.slice(0, at)]: parsedOrText(text.slice(at + 1)) };
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
