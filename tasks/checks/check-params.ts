/** The parameters of a run that are about checks: other severities and limits, and failures that are accepted. */
import { z } from 'zod';
import { SEVERITIES } from './check-result.ts';
import { CHECK_BY_ID } from './declared-checks.ts';

const checkName = z.string().refine((name) => CHECK_BY_ID.has(name), {
  error: 'is no check; "checks list" shows their names',
});

const hasLimit = (name: string): boolean => CHECK_BY_ID.get(name)?.limit !== undefined;

/** `{"user_day.usual_rows": {"severity": "block", "limit": 5}}` */
export const checkOverridesSchema = z
  .record(
    checkName,
    z.strictObject({
      /** `off`: the check is not made. */
      severity: z.enum([...SEVERITIES, 'off']).optional(),
      /** The greatest value that passes, in the check's own unit. */
      limit: z.number().min(0).optional(),
    }),
  )
  .refine(
    (overrides) =>
      Object.entries(overrides).every(([name, { limit }]) => limit === undefined || hasLimit(name)),
    { error: 'sets a limit of a check that has none; "checks list" shows which have' },
  );

/** A list, or a text with commas. */
export const acceptedChecksSchema = z.union([
  z
    .string()
    .transform((names) => names.split(',').map((name) => name.trim()))
    .pipe(z.array(checkName)),
  z.array(checkName),
]);
