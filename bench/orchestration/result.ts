/** What the orchestration benchmark found, as data. */
import type { Environment } from '../support/environment.ts';

export interface OrchestrationResult {
  readonly benchmark: 'orchestration';
  readonly environment: Environment;
  readonly workers: number;
  /** Attempts of each worker at a time. */
  readonly concurrency: number;
  readonly scenarios: readonly ScenarioResult[];
  /** All bars were met. */
  readonly ok: boolean;
}

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly title: string;
  readonly value: number;
  readonly unit: 'ms' | 'runs/s' | 'tasks/s' | 'B/task' | '×';
  /** What the project promises. */
  readonly limit?: number;
  readonly relation?: '≤' | '≥';
  /** What others have published for the same, on their machines. */
  readonly published?: string;
  /** Where. */
  readonly source?: string;
}

/** True where nothing is promised. */
export function isMet({ value, limit, relation }: Figure): boolean {
  if (limit === undefined) return true;
  return relation === '≥' ? value >= limit : value <= limit;
}
