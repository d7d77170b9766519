/** What one can ask of the generator, and its defaults. */
import { z } from 'zod';
import { FlyerlineError } from '../../infra/errors.ts';
import { DROP_FORMATS, type DropFormat } from './producers.ts';
import { parseDay } from './zones.ts';

/** What shoppers are made of besides their habits; `--users` may be replaced by `--events`. */
export const generateOptionsSchema = z.strictObject({
  /** Directory; drops go to `<out>/drops`, the truth to `<out>/truth.json`. */
  out: z.string().min(1),
  /** First local day. */
  start: z.string().default('2018-10-01'),
  days: z.int().min(1).max(3660).default(3),
  /** Shoppers; about half of them are active on a day. */
  users: z.int().min(1).max(100_000_000).default(2000),
  /** Rows wanted in all: as many shoppers as it takes, instead of `users`. Met within a session's length a day. */
  events: z.int().min(1).max(10_000_000_000).optional(),
  seed: z.int().min(0).max(0xffff_ffff).default(7),
  /** How many merchants; the default grows with the square root of the number of shoppers. */
  merchants: z.int().min(1).max(1000).optional(),
  /** `mixed` = seven producers with their own formats; else one producer with this one. */
  format: z.enum(['mixed', ...DROP_FORMATS] as ['mixed', ...DropFormat[]]).default('mixed'),
});

export type GenerateOptions = z.input<typeof generateOptionsSchema>;
export type GeneratePlan = Omit<z.output<typeof generateOptionsSchema>, 'start' | 'merchants'> & {
  /** Days since 1970-01-01. */
  readonly firstDay: number;
  readonly merchants: number;
};

/** Rows a shopper causes on an average day, the days off counted too; only sizes the default number of merchants. */
const ROWS_PER_USER_DAY = 11;

/** Throws FL_USAGE. */
export function planGeneration(options: GenerateOptions): GeneratePlan {
  const parsed = generateOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new FlyerlineError('FL_USAGE', {
      subject: `Option "${issue.path.join('.')}" of the generator`,
      reason: `does not fit (${issue.message})`,
      remedy: 'see `./flyerline generate --help`',
      retryable: false,
    });
  }
  const { start, merchants, ...rest } = parsed.data;
  const users = rest.events === undefined ? rest.users : rest.events / rest.days / ROWS_PER_USER_DAY;
  return {
    ...rest,
    firstDay: parseDay(start),
    merchants: merchants ?? Math.min(500, Math.max(24, Math.round(Math.sqrt(users)))),
  };
}
