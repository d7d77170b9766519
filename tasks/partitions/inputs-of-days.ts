/** What each of many days would be computed from now: the same drops that ingest would pin, found for all days in one pass. */
import { DAY_MS, dayStartMs, horizonEndMs } from '../day-horizon.ts';
import { dayName, dayNumber } from '../ingest/days.ts';
import type { DropDay, StagedDrop } from '../ingest/stage-batch-doc.ts';
import type { MetricParams } from '../metric-params.ts';

export interface DayDrops {
  /** In order of keys, as ingest pins them. */
  readonly drops: readonly StagedDrop[];
  /** Rows of the day itself, rejected ones included. */
  readonly rowCount: number;
}

/** A wall clock is never further from UTC, whatever offset an event brings. */
const OFFSET_DAYS_MAX = 2;

/**
 * @param drops those that count, each once
 * @returns a function that answers for one day; it costs as much as the days around hold drops
 */
export function inputsOfDays(drops: readonly StagedDrop[], params: MetricParams): (day: string) => DayDrops {
  const rowsOfDay = byDay(drops);
  return (day) => {
    const dayNo = dayNumber(day);
    const startMs = dayStartMs(day) - DAY_MS;
    const endMs = horizonEndMs(day, params);
    const reachDays = Math.floor((endMs - dayStartMs(day)) / DAY_MS);
    const isInHorizon = ({ minLocalMs, maxLocalMs }: DropDay) =>
      minLocalMs !== null && maxLocalMs !== null && maxLocalMs >= startMs && minLocalMs <= endMs;
    // Rows lie within their own local day, so only days around this one can hold rows of the horizon.
    const around: RowsOfDrop[] = [];
    for (let no = dayNo - 1; no <= dayNo + reachDays; no += 1) around.push(...(rowsOfDay.get(no) ?? []));
    const read = new Set<StagedDrop>();
    let firstInstantMs = Number.POSITIVE_INFINITY;
    let rowCount = 0;
    for (const { drop, rows } of around) {
      const isOfDay = rows.day === day;
      if (isOfDay) rowCount += rows.rowCount + rows.rejectedCount;
      const isRead = isInHorizon(rows);
      if (isRead) firstInstantMs = Math.min(firstInstantMs, rows.minInstantMs!);
      if (isRead || isOfDay) read.add(drop);
    }
    // Under an earlier local day, but perhaps at the same instant: duplicates (R4).
    for (let no = dayNo - 2 - 2 * OFFSET_DAYS_MAX; no < dayNo - 1; no += 1) {
      for (const { drop, rows } of rowsOfDay.get(no) ?? []) {
        const { maxLocalMs, maxInstantMs } = rows;
        const mayRepeat = maxLocalMs !== null && maxLocalMs < startMs && maxInstantMs! >= firstInstantMs;
        if (mayRepeat) read.add(drop);
      }
    }
    return { drops: [...read].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)), rowCount };
  };
}

interface RowsOfDrop {
  readonly drop: StagedDrop;
  readonly rows: DropDay;
}

function byDay(drops: readonly StagedDrop[]): ReadonlyMap<number, readonly RowsOfDrop[]> {
  const found = new Map<number, RowsOfDrop[]>();
  for (const drop of drops) {
    for (const rows of drop.days) {
      const dayNo = dayNumber(rows.day);
      const known = found.get(dayNo);
      if (known === undefined) found.set(dayNo, [{ drop, rows }]);
      else known.push({ drop, rows });
    }
  }
  return found;
}

/** Every local day of which there are rows, in order. */
export function daysWithRows(drops: readonly StagedDrop[]): string[] {
  const days = new Set<number>();
  for (const { days: ofDrop } of drops) for (const { day } of ofDrop) days.add(dayNumber(day));
  return [...days].sort((a, b) => a - b).map(dayName);
}
