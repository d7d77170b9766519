/** What a day is computed from: its own rows, and those of other days that the rules look at (R4, R12). */
import { sha256Hex } from '../../../lake/sha256.ts';
import { DAY_MS, dayStartMs, horizonEndMs } from '../../day-horizon.ts';
import { type DayStatus, dayStatus } from '../../day-status.ts';
import { DEFINITION_VERSION, type MetricParams } from '../../metric-params.ts';
import type { DayInputs, DropPin, StagedFile } from '../../refs.ts';
import { bucketsFor } from '../stage/layout.ts';
import type { DropDay, StageBatch } from '../stage-batch-doc.ts';

export interface PinOptions {
  readonly day: string;
  readonly params: MetricParams;
  readonly codeVersion: string;
  /** By it the day is provisional or final. */
  readonly knownAtMs: number;
  /** Batches that count, each as a whole. */
  readonly batches: readonly StageBatch[];
}

/**
 * All of DayInputs but `asOfMs`. The hash is of drops, parameters, code and whether the day is final: how drops were batched does not
 * change it, and a run of a day that has become final meanwhile has something to do.
 */
export function pinDay({
  day,
  params,
  codeVersion,
  knownAtMs,
  batches,
}: PinOptions): Omit<DayInputs, 'asOfMs'> {
  const isRead = readsOf(day, params, batches);
  const drops: DropPin[] = [];
  const files: StagedFile[] = [];
  const rejected = batches.flatMap((batch) => batch.rejected.filter((file) => file.day === day));
  for (const batch of batches) {
    const read = batch.drops.filter(({ days }) => days.some((rows) => rows.day === day || isRead(rows)));
    if (read.length === 0) continue;
    drops.push(...read.map(({ key, etag, size, src }) => ({ key, etag, size, src })));
    files.push(...batch.files.filter(isRead));
  }
  drops.sort((a, b) => compare(a.key, b.key));
  files.sort((a, b) => compare(a.key, b.key));
  rejected.sort((a, b) => compare(a.key, b.key));
  const status = dayStatus(day, params, knownAtMs);
  const rowCount = sum(files.filter((file) => file.day === day));
  return {
    day,
    params,
    codeVersion,
    status,
    inputsHash: hashOf(day, params, codeVersion, status, drops),
    drops,
    files,
    rejected,
    buckets: bucketsFor(rowCount),
    rowsRead: rowCount + sum(rejected),
  };
}

type Ranges = Pick<DropDay, 'day' | 'minLocalMs' | 'maxLocalMs' | 'minInstantMs' | 'maxInstantMs'>;

/** Whether rows with such ranges are in the day's horizon, or may be duplicates, under an earlier local day, of rows that are (R4). */
export function readsOf(
  day: string,
  params: MetricParams,
  batches: readonly Pick<StageBatch, 'drops'>[],
): (ranges: Ranges) => boolean {
  const startMs = dayStartMs(day) - DAY_MS;
  const endMs = horizonEndMs(day, params);
  const isInHorizon = ({ minLocalMs, maxLocalMs }: Ranges) =>
    minLocalMs !== null && maxLocalMs !== null && maxLocalMs >= startMs && minLocalMs <= endMs;
  let firstInstantMs = Number.POSITIVE_INFINITY;
  for (const { drops } of batches) {
    for (const { days } of drops) {
      for (const rows of days) {
        if (isInHorizon(rows)) firstInstantMs = Math.min(firstInstantMs, rows.minInstantMs!);
      }
    }
  }
  const mayRepeat = ({ maxLocalMs, maxInstantMs }: Ranges) =>
    maxLocalMs !== null && maxLocalMs < startMs && maxInstantMs !== null && maxInstantMs >= firstInstantMs;
  return (ranges) => isInHorizon(ranges) || mayRepeat(ranges);
}

function hashOf(
  day: string,
  params: MetricParams,
  codeVersion: string,
  status: DayStatus,
  drops: readonly DropPin[],
): string {
  const names = Object.keys(params).sort();
  return sha256Hex(
    JSON.stringify({
      day,
      definition: DEFINITION_VERSION,
      params: names.map((name) => [name, params[name as keyof MetricParams]]),
      codeVersion,
      status,
      drops: drops.map(({ key, etag, size }) => [key, etag, size]),
    }),
  );
}

function sum(files: readonly { readonly rowCount: number }[]): number {
  return files.reduce((total, { rowCount }) => total + rowCount, 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
