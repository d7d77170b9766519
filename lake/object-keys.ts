/** Keys of objects: their order, and their safe form as file names. */

/** Directory inside a local store that holds unfinished writes; no key maps into it and no listing shows it. */
export const PRIVATE_DIR = '.flyerline-tmp';

const plain = /^[\x20-\x7e]*$/;

/** Code-point order, as S3 lists. (JavaScript compares UTF-16 units, which sorts emoji before U+FF00.) */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  if (plain.test(left) && plain.test(right)) return left < right ? -1 : 1;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/**
 * A key as a relative path. Nearly every key is its own path; escaped (`%~` and two hex digits) is only what a file
 * name cannot be: an empty, `.` or `..` segment, NUL, the private directory, and the escape itself.
 */
export function pathOfKey(key: string): string {
  return key
    .split('/')
    .map((segment) => {
      if (segment === '') return '%~';
      const escaped = segment.replaceAll('%~', '%~25~').replaceAll('\0', '%~00');
      const isReserved = segment === '.' || segment === '..' || segment === PRIVATE_DIR;
      return isReserved ? escaped.replaceAll('.', '%~2e') : escaped;
    })
    .join('/');
}

/** The segment of a key that a file or directory name stands for. */
export function segmentOfName(name: string): string {
  if (!name.includes('%~')) return name;
  if (name === '%~') return '';
  return name.replace(/%~(25~|00|2e)/g, (_, code: string) =>
    code === '00' ? '\0' : code === '2e' ? '.' : '%~',
  );
}
