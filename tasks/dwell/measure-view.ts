/** What a view that has ended is worth: observed, tail, dwell, measured, capped (R9, R10). */
import { END, type End, type UserView } from './user-view.ts';
import type { ViewRules } from './view-rules.ts';

/** Filled in place; ms. */
export interface ViewMeasure {
  observedMs: number;
  /** -1: unknown, the view is censored. */
  tailMs: number;
  /** -1: unknown, the view is unmeasured. */
  dwellMs: number;
  capped: boolean;
  /** Longest silence of observed time and tail. */
  maxGapMs: number;
}

export function createMeasure(): ViewMeasure {
  return { observedMs: 0, tailMs: -1, dwellMs: -1, capped: false, maxGapMs: 0 };
}

export function measureView(
  measure: ViewMeasure,
  view: UserView,
  rules: ViewRules,
  end: End,
  endMs: number,
): void {
  const observedMs = view.lastMs - view.startMs;
  const isCensored = end === END.timeout || end === END.endOfData;
  const tailMs = isCensored ? -1 : endMs - view.lastMs;
  let dwellMs = observedMs + (isCensored ? (rules.creditMs ?? 0) : tailMs);
  if (isCensored && observedMs === 0 && rules.creditMs === undefined) dwellMs = -1;
  const capped = dwellMs > rules.maxViewMs;
  if (capped) dwellMs = rules.maxViewMs;

  measure.observedMs = observedMs;
  measure.tailMs = tailMs;
  measure.dwellMs = dwellMs;
  measure.capped = capped;
  measure.maxGapMs = Math.max(tailMs, view.maxGapMs);
}
