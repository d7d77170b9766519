/** What the backfill benchmark found, as data. */
import type { Environment } from '../support/environment.ts';

export interface BackfillResult {
  readonly benchmark: 'backfill';
  readonly environment: Environment;
  readonly days: number;
  /** Rows in all drops. */
  readonly rowCount: number;
  readonly dropCount: number;
  readonly workers: number;
  readonly maxActive: number;
  /** Planning, the reading of all drops included: done once, since all ways begin with it. */
  readonly firstPlanMs: number;
  readonly ways: readonly WayResult[];
  /** Whether all ways have made the same bytes. */
  readonly ok: boolean;
}

export interface WayResult {
  readonly way: string;
  readonly days: number;
  readonly wallMs: number;
  readonly daysPerMinute: number;
  /** Exports that are not the bytes of the first way, or are missing. */
  readonly different: readonly string[];
}
