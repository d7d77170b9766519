/** How unusual a figure is among earlier ones, when some of those may be unusual themselves: median and median deviation. */

/** Fewer earlier days say nothing of what is usual. */
export const HISTORY_MIN = 4;

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** A series that never moved makes no day unusual that is off by less than this share of it. */
const STEADY_SHARE = 0.05;

export interface Usual {
  readonly median: number;
  /** One robust deviation, at least the floor. */
  readonly deviation: number;
  readonly zScore: number;
}

/**
 * Undefined without enough history. Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993).
 * @param floor a deviation of the figure that is never more than one robust deviation
 */
export function robustZ(value: number, history: readonly number[], floor: number): Usual | undefined {
  if (history.length < HISTORY_MIN) return undefined;
  const median = medianOf(history);
  const mad = medianOf(history.map((past) => Math.abs(past - median)));
  const deviation = Math.max(mad * MAD_TO_SIGMA, Math.abs(median) * STEADY_SHARE, floor);
  return { median, deviation, zScore: (value - median) / deviation };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
