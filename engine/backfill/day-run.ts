/** What a backfill by workers knows of one day: the run that makes it, or the part of a fused run that does. */
import type { RunState as RunPhase } from '../states.ts';

export interface DayRun {
  readonly day: string;
  readonly runId: string;
  readonly state: RunPhase;
  readonly startedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  /** Why it failed, where that is known without another look. */
  readonly error?: string | undefined;
}
