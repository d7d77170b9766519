/** A user's clean event, as an explanation shows it. */
import type { EventName } from '../events.ts';

export interface UserEvent {
  /** Local day of the event, `YYYY-MM-DD`. */
  readonly day: string;
  /** That day minus the day that is explained: -1, 0 or 1. */
  readonly dayNo: number;
  /** Epoch ms. */
  readonly instantMs: number;
  /** Its wall clock as if UTC, epoch ms. */
  readonly localMs: number;
  readonly event: EventName;
  /** Null: unknown (R2). */
  readonly flyerId: string | null;
  readonly merchantId: string | null;
  /** Whether the merchant was filled in (R3). */
  readonly merchantFilled: boolean;
  readonly suspect: boolean;
}

/** What a flyer is known by (R3). */
export interface Flyer {
  readonly flyerId: string;
  readonly merchantId: string | null;
}

/** What a rule did, in words. */
export interface Told {
  /** `R6` */
  readonly rule: string;
  readonly text: string;
}
