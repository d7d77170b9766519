/** The parameters of a run of this pipeline: those of the metric, and how to go about the run. */
import { z } from 'zod';
import { PREVIEW_ID } from '../lake/preview/preview-id.ts';
import { acceptedChecksSchema, checkOverridesSchema } from './checks/check-params.ts';
import { type MetricParams, metricParamsSchema } from './metric-params.ts';

export const dayParamsSchema = z.strictObject({
  ...metricParamsSchema.shape,
  /** Compute again although inputs, code and parameters are those of the committed version. */
  force: z.boolean().default(false),
  /** A day with a larger share of rejected rows is not published, 0..1. */
  rejected_share_max: z.number().min(0).max(1).default(0.05),
  /** Severity and limit of checks, by `table.name`. */
  checks: checkOverridesSchema.default({}),
  /** Checks that block the day and shall not: it is published in spite of them, which is written down. */
  accept_checks: acceptedChecksSchema.default([]),
  /** How many days before its own a scheduled run looks for days that late drops have made stale, and has them made again. */
  lookback_days: z.int().min(0).max(366).default(7),
  /** The moment by which a day is provisional or final (R12), ISO 8601 with an offset. By default that at which the drops are listed. */
  known_at: z.iso.datetime({ offset: true }).optional(),
  /** The preview that the run computes for: all that it writes goes aside, and nothing is exported. */
  preview: z.string().regex(PREVIEW_ID).optional(),
});

export type DayParams = z.infer<typeof dayParamsSchema>;

/** The part of the run's parameters that decides what the numbers are. */
export function metricParamsOf(params: DayParams): MetricParams {
  const {
    force: _force,
    rejected_share_max: _share,
    checks: _checks,
    accept_checks: _accepted,
    lookback_days: _days,
    known_at: _known,
    preview: _preview,
    ...metric
  } = params;
  return metric;
}
