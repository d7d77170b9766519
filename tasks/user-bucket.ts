/** Which bucket a user is in: leading bits of a hash that no version of a library changes. */
import { invariant } from '../infra/errors.ts';

/** Of a user id that is a SHA-256 in hexadecimal digits. */
const DIGEST_BYTES = 64;

/**
 * An SQL expression, 0 ≤ bucket < buckets; `buckets` is a power of two, so a bucket of 4 nests in one of 16.
 *
 * The hash of an id is its MD5, but an id of 64 bytes is taken for a digest already: its leading digits are the hash. That costs 50 ns
 * a row instead of 250, and nearly all producers send digests. (DuckDB's own `hash` would cost 15, but changes with its version.)
 */
export function userBucketSql(userId: string, buckets: number): string {
  const bits = Math.log2(buckets);
  invariant(Number.isInteger(bits) && bits >= 0 && bits <= 20, `${buckets} buckets`);
  if (bits === 0) return '0';
  const md5 = `(md5_number(${userId}) >> ${128 - bits}::UHUGEINT)::INTEGER`;
  return `CASE WHEN strlen(${userId}) = ${DIGEST_BYTES} THEN ${leadingBits(userId, bits)} ELSE ${md5} END`;
}

function leadingBits(userId: string, bits: number): string {
  const digits = Math.ceil(bits / 4);
  const values = Array.from({ length: digits }, (_, index) => {
    const digit = digitValue(index === 0 ? userId : `substr(${userId}, ${index + 1}, 1)`);
    return `(${digit} << ${4 * (digits - 1 - index)})`;
  });
  return `(${values.join(' + ')}) >> ${4 * digits - bits}`;
}

/** Of the first character: '0'-'9', 'a'-'f' and 'A'-'F' have their value; any other one has some value below 16. */
function digitValue(text: string): string {
  return `(((ascii(${text}) & 15) + 9 * (ascii(${text}) >> 6)) & 15)`;
}
