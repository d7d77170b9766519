/** Takes secrets out of what is about to be logged: by the name of the field, and inside URLs. */

const SECRET_NAME =
  /pass(word|phrase|wd)?$|secret|token$|api[-_]?key|access[-_]?key|authorization|credential|cookie|signature$/i;
/** Fencing tokens are plain numbers and no secret; a log without them explains nothing. */
const FENCING_TOKEN = /^\d{1,20}$/;
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi;
const SIGNED_QUERY = /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|token)=)[^&\s"]+/gi;

const HIDDEN = '[redacted]';
const DEPTH_MAX = 6;

/** A copy of `value` that may be logged: secrets replaced, errors as plain objects, cycles and depths cut. */
export function redact<T>(value: T): T {
  return redactAt(value, 0, new Set()) as T;
}

function redactAt(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value) || depth > DEPTH_MAX) return '[…]';
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  above.add(value);
  try {
    if (Array.isArray(value)) return value.map((item) => redactAt(item, depth + 1, above));
    const entries = value instanceof Error ? errorEntries(value) : Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, item]) => [name, isSecret(name, item) ? HIDDEN : redactAt(item, depth + 1, above)]),
    );
  } finally {
    above.delete(value);
  }
}

function redactText(text: string): string {
  return text.replace(URL_PASSWORD, `$1:${HIDDEN}@`).replace(SIGNED_QUERY, `$1${HIDDEN}`);
}

function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || value === null || FENCING_TOKEN.test(String(value))) return false;
  return SECRET_NAME.test(name);
}

/** Message, stack and cause are not enumerable; what a library added (code, status) is. */
function errorEntries(error: Error): [string, unknown][] {
  return [
    ['name', error.name],
    ['message', error.message],
    ...Object.entries(error).filter(([name]) => name !== 'name'),
    ['stack', error.stack],
    ...(error.cause === undefined ? [] : [['cause', error.cause] as [string, unknown]]),
  ];
}
