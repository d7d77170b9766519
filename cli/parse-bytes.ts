/** Sizes as people type them on the command line. */
import { InvalidArgumentError } from 'commander';

const UNIT_BYTES = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** `512MiB`, `4GiB`, `4G`, `1073741824` → bytes. Units are powers of 1024, however they are spelled. */
export function parseBytes(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const factor = UNIT_BYTES[(parts?.[2] ?? '').toUpperCase() as keyof typeof UNIT_BYTES];
  const bytes = Math.round(Number(parts?.[1]) * factor);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size, like 512MiB or 4GiB.');
}
