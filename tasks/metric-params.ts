/** The parameters of the metric, with the defaults of its definition (`docs/reference/dwell-rules.md`). */
import { z } from 'zod';

export const DEFINITION_VERSION = 'dwell-1';

const seconds = z
  .number()
  .min(0)
  .max(7 * 86_400);

export const metricParamsSchema = z.strictObject({
  /** Longest silent gap that still counts; a longer one ends the view at its last event (R8). */
  inactivity_timeout_s: seconds.default(1800),
  /** Winsor cap on one view (R10). */
  max_view_s: seconds.default(7200),
  /** Whether a view whose end is unknown counts its observed part only, or is credited more (R9). */
  censored_mode: z.enum(['exclude', 'credit']).default('exclude'),
  /** Added to every censored view in `credit` mode (R9). */
  censored_credit_s: seconds.default(0),
  /** A measured view shorter than this is a bounce. */
  bounce_s: seconds.default(10),
  /** Dwell made of one silent gap longer than this is reported as long_gap_share. */
  long_gap_s: seconds.default(600),
  /** A user with more kept events in a day is suspect (R13). */
  suspect_events_per_day: z.int().min(1).default(500),
  /** A user with more kept events in a clock minute is suspect (R13). */
  suspect_events_per_minute: z.int().min(1).default(60),
  /** Smallest number of measured users shown to a merchant (R16). */
  k_min_users: z.int().min(1).default(11),
  /** `event`: the offset written in the event gives its local day; or an IANA zone (R11). */
  report_tz: z.string().default('event'),
  /** How long after its horizon a day stays provisional (R12). */
  allowed_lateness_s: seconds.default(86_400),
  /** An event later than its receive time by more is quarantined (R12). */
  max_future_s: seconds.default(300),
  /** Give an event of a known flyer and an unknown merchant the flyer's only merchant of the day (R3). */
  fill_merchant: z.boolean().default(true),
});

export type MetricParams = z.infer<typeof metricParamsSchema>;
