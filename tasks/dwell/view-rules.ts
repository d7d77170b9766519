/** The metric's parameters as the rules use them: whole milliseconds. */
import type { MetricParams } from '../metric-params.ts';

export interface ViewRules {
  /** Longest silence that still counts (R8). */
  readonly timeoutMs: number;
  /** Cap on one view (R10). */
  readonly maxViewMs: number;
  /** What a censored view is given beyond its observed part; undefined: only observed time counts (R9). */
  readonly creditMs: number | undefined;
  /** A measured view shorter than this is a bounce. */
  readonly bounceMs: number;
}

export function viewRulesOf(params: MetricParams): ViewRules {
  return {
    timeoutMs: ms(params.inactivity_timeout_s),
    maxViewMs: ms(params.max_view_s),
    creditMs: params.censored_mode === 'credit' ? ms(params.censored_credit_s) : undefined,
    bounceMs: ms(params.bounce_s),
  };
}

function ms(seconds: number): number {
  return Math.round(seconds * 1000);
}
