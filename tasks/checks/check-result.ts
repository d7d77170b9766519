/** What the checks of a day found: one result per check, and the document that keeps them. */
import { z } from 'zod';

/** `warn`: the day is published all the same. `block`: it is not, and the version before stays readable. */
export const SEVERITIES = ['warn', 'block'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** `blocked`: the day may not be published. A check of severity `block` that somebody accepted is `warned`. */
export const CHECK_STATUSES = ['passed', 'warned', 'blocked'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

const checkResultSchema = z.object({
  table: z.string(),
  /** Unique within the table; `table.name` is what parameters and commands call the check. */
  name: z.string(),
  severity: z.enum(SEVERITIES),
  status: z.enum(CHECK_STATUSES),
  /** Null: it could not be measured, which `detail` explains. */
  observed: z.number().nullable(),
  /** What passes, in words: `0 rows`, `at most 5 %`. */
  expected: z.string(),
  /** One sentence for a person, without a full stop. */
  detail: z.string(),
  /** Robust z-score against the same weekdays before, where that is the question. */
  zScore: z.number().optional(),
  /** The run was told to publish in spite of it. */
  isAccepted: z.literal(true).optional(),
});

export type CheckResult = Readonly<z.infer<typeof checkResultSchema>>;

export const dayChecksSchema = z.object({
  day: z.string(),
  /** Of the claim on `clean_events`: tells the results of two runs of a day apart. 20 digits. */
  token: z.string(),
  runId: z.string(),
  attempt: z.number(),
  /** ISO 8601, UTC. */
  checkedAt: z.string(),
  /** The worst of the results. */
  status: z.enum(CHECK_STATUSES),
  /** What was checked: equal for equal drops, code, parameters. */
  inputsHash: z.string(),
  /** Of drops, code and parameters apart, as digests of manifests name them. */
  recipe: z.object({
    inputsDigest: z.string(),
    codeVersion: z.string(),
    definitionVersion: z.string(),
    paramsDigest: z.string(),
  }),
  /** What may be compared between days, by `table.name` of the check that compares it. */
  figures: z.record(z.string(), z.number()),
  /** Equal for days whose figures may be compared. */
  definition: z.string(),
  results: z.array(checkResultSchema).readonly(),
});

export type DayChecks = Readonly<z.infer<typeof dayChecksSchema>>;

/** As people call a check: `user_day.unique_key`. */
export function checkId({ table, name }: Pick<CheckResult, 'table' | 'name'>): string {
  return `${table}.${name}`;
}

export function worstStatus(results: readonly Pick<CheckResult, 'status'>[]): CheckStatus {
  const has = (status: CheckStatus) => results.some((result) => result.status === status);
  return has('blocked') ? 'blocked' : has('warned') ? 'warned' : 'passed';
}
