/** Numbers as people type them on the command line. */
import { InvalidArgumentError } from 'commander';

const FACTORS = { '': 1, k: 1e3, m: 1e6, g: 1e9 } as const;

/** `20000`, `20_000`, `20k`, `1.5M` → a whole number. For `.option('--events <count>', …, parseCount)`. */
export function parseCount(text: string): number {
  const parts = /^(\d[\d_,]*(?:\.\d+)?)([kmg]?)$/i.exec(text.trim());
  const factor = FACTORS[(parts?.[2] ?? '').toLowerCase() as keyof typeof FACTORS];
  const count = Number((parts?.[1] ?? 'none').replace(/[_,]/g, '')) * factor;
  if (Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('It must be a whole number, like 2000, 500k or 10M.');
}
