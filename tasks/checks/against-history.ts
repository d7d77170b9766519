/** A figure of a day against those of the same weekday in the weeks before. */
import type { Observation } from './declare.ts';
import { HISTORY_MIN, robustZ } from './robust-z.ts';
import { weekdaysOf } from './same-weekdays.ts';

export interface Figure {
  readonly day: string;
  readonly value: number;
  /** Of published days, the most recent first. */
  readonly history: readonly number[];
  /** One deviation is never taken to be less. */
  readonly floor: number;
  /** Robust deviations that are still usual. */
  readonly limit: number;
}

/** Too little history passes, and says so. */
export function againstHistory({ day, value, history, floor, limit }: Figure): Observation {
  const usual = robustZ(value, history, floor);
  const days = weekdaysOf(day);
  if (usual === undefined) {
    const detail = `not enough history: ${history.length} of ${HISTORY_MIN} earlier ${days}`;
    return { observed: value, isGood: true, expected: 'as usual', detail, figure: value };
  }
  const { median, deviation, zScore } = usual;
  return {
    observed: value,
    isGood: Math.abs(zScore) <= limit,
    expected: `${short(median)} ± ${short(limit * deviation)}`,
    detail: `${short(value)}; ${short(median)} is the median of ${history.length} ${days} before (z ${zScore.toFixed(1)}, limit ${limit})`,
    zScore: Math.round(zScore * 100) / 100,
    figure: value,
  };
}

const short = (figure: number): string =>
  Math.abs(figure) >= 100
    ? Math.round(figure).toLocaleString('en-US')
    : String(Number(figure.toPrecision(4)));
