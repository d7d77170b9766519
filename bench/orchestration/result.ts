/** What the orchestration benchmark found, as data. */
import type { Environment } from '../support/environment.ts';

export const SCENARIO_NAMES = [
  'chain',
  'steps',
  'linear',
  'fan-out',
  'backfill',
  'bullmq',
  'prefect',
  'airflow',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

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
  readonly name: ScenarioName;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Why it cannot run here; it has no figures then. */
  readonly missing?: string;
}

export type Measured = readonly Figure[] | { readonly missing: string };

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
  /** Of a peer: the name of the scenario whose first figure is ours for the same. */
  readonly like?: ScenarioName;
  /** How many times ours that is, when ours was measured in the same run. */
  readonly times?: number;
}

/** With `times` where ours is known. */
export function besideOurs(scenarios: readonly ScenarioResult[]): readonly ScenarioResult[] {
  const ours = new Map(scenarios.map(({ name, figures }) => [name, figures[0]?.value]));
  return scenarios.map((scenario) => ({
    ...scenario,
    figures: scenario.figures.map((figure) => {
      const own = figure.like === undefined ? undefined : ours.get(figure.like);
      return own === undefined ? figure : { ...figure, times: figure.value / own };
    }),
  }));
}

/** True where nothing is promised. */
export function isMet({ value, limit, relation }: Figure): boolean {
  if (limit === undefined) return true;
  return relation === '≥' ? value >= limit : value <= limit;
}
