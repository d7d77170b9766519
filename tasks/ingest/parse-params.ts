/** The parameters of a run that decide how a drop's rows become staged rows. */
import { IANAZone } from 'luxon';
import { FlyerlineError } from '../../infra/errors.ts';
import type { MetricParams } from '../metric-params.ts';

export type ParseParams = Pick<MetricParams, 'report_tz' | 'max_future_s'>;

/** Throws FL_PARAMS_INVALID when the report zone is none. */
export function parseParamsOf({ report_tz, max_future_s }: MetricParams): ParseParams {
  if (report_tz !== 'event' && !IANAZone.isValidZone(report_tz)) {
    throw new FlyerlineError('FL_PARAMS_INVALID', {
      subject: `Parameter report_tz "${report_tz}"`,
      reason: 'is neither "event" nor a time zone',
      remedy: 'give a zone of the IANA database, like America/Toronto',
      retryable: false,
    });
  }
  return { report_tz, max_future_s };
}
