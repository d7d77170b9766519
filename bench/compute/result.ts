/** What the compute benchmark found, as data: for `--json`, and for the tables. */
import type { Environment } from '../support/environment.ts';
import type { ProcessFigures } from '../support/measure-process.ts';
import type { FactDifference, FactTotals } from './compare-facts.ts';
import type { Dataset } from './dataset.ts';

export interface ComputeResult {
  readonly benchmark: 'compute';
  readonly environment: Environment;
  readonly datasets: readonly DatasetResult[];
  readonly smallDay?: SmallDayResult;
  readonly bars: readonly Bar[];
  /** All contenders that ran succeeded, with the same result. */
  readonly ok: boolean;
}

export interface DatasetResult {
  readonly dataset: Omit<Dataset, 'drops'>;
  readonly contenders: readonly ContenderResult[];
}

export interface ContenderResult {
  readonly name: string;
  readonly note: string;
  /** `different`: it ran, but found something else than the first one. */
  readonly state: 'ok' | 'different' | 'failed' | 'not run';
  /** Why it was not run, how it failed, or what differs. */
  readonly reason?: string;
  /** Medians over the runs. */
  readonly figures?: ProcessFigures;
  readonly runs: readonly ProcessFigures[];
  readonly eventsPerSecond?: number;
  /** Wall time relative to Flyerline's: 2 = twice as long. */
  readonly wallRatio?: number;
  /** Wall time by stage of the last run, ms, where the contender tells. */
  readonly stages?: Readonly<Record<string, number>>;
  readonly facts?: FactTotals;
  readonly difference?: FactDifference;
}

export type SmallDayResult =
  | SmallDayTimes
  | { readonly state: 'failed'; readonly input: string; readonly reason: string };

/** From the start of the process to its end, medians, ms. */
export interface SmallDayTimes {
  readonly state: 'ok';
  readonly input: string;
  readonly runs: number;
  /** Nothing there yet. */
  readonly emptyLakeMs: number;
  /** The drops are staged and the day is published; computed again with --force. */
  readonly warmLakeMs: number;
  /** Nothing has changed. */
  readonly nothingToDoMs: number;
}

/** What the project promises of itself. */
export interface Bar {
  readonly title: string;
  readonly value: string;
  readonly limit: string;
  readonly isMet: boolean;
}
