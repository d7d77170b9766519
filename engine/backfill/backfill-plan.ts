/** What a backfill is: a plan that says per partition what happens and why, kept as it was made. */
import { z } from 'zod';
import { PARTITION_STATES } from '../partition-state.ts';

/** States that a backfill is asked to make right; `all` makes fresh partitions again, too. */
export const REPROCESS = ['missing', 'failed', 'stale', 'all'] as const;
export type Reprocess = (typeof REPROCESS)[number];

const action = z.enum(['run', 'skip']);

/** Assets of a day that are in the same state for the same reason. */
const plannedPartitions = z.object({
  assets: z.array(z.string()).readonly(),
  state: z.enum(PARTITION_STATES),
  reason: z.string(),
  action,
  /** Why it is run, or why not. */
  why: z.string(),
});

const plannedDay = z.object({
  day: z.string(),
  action,
  why: z.string(),
  partitions: z.array(plannedPartitions).readonly(),
  /** Whether the run computes although nothing has changed. */
  force: z.boolean(),
  /** Of versions, pins, code and parameters that the decision rests on: another one is drift. */
  fingerprint: z.string(),
  /** Of the inputs it would be made of. */
  inputs: z.string(),
  /** Rows it will read, as far as known. */
  rowCount: z.number(),
  estimateMs: z.number().nullable(),
});

const summary = z.object({
  from: z.string(),
  to: z.string(),
  days: z.number(),
  runDays: z.number(),
  partitions: z.number(),
  runPartitions: z.number(),
  /** Without a day's buckets beyond the first. */
  taskCount: z.number(),
  /** One after the other; null without any history. */
  workMs: z.number().nullable(),
  /** With `maxActive` runs at a time. */
  durationMs: z.number().nullable(),
  /** Runs that the estimate is made of. */
  historyRuns: z.number(),
  /** When the next scheduled run begins, and when this would end if it began when it was planned; epoch ms. */
  nightlyAtMs: z.number().nullable(),
  endsAtMs: z.number().nullable(),
});

export const backfillPlan = z.object({
  format: z.literal(1),
  id: z.string(),
  dagId: z.string(),
  dagVersion: z.string(),
  createdAtMs: z.number(),
  reprocess: z.array(z.enum(REPROCESS)).readonly(),
  assets: z.array(z.string()).readonly(),
  params: z.record(z.string(), z.unknown()),
  maxActive: z.number(),
  /** Whether one run makes all days, each in one attempt, instead of a run a day. */
  fused: z.boolean().default(false),
  /** Whether every input had been read when it was planned: else the first run will find out which are of which day. */
  allRead: z.boolean(),
  summary,
  /** In the order in which they are run. */
  days: z.array(plannedDay).readonly(),
});

export type BackfillPlan = z.infer<typeof backfillPlan>;
export type PlannedDay = z.infer<typeof plannedDay>;
export type PlannedPartitions = z.infer<typeof plannedPartitions>;
export type PlanSummary = z.infer<typeof summary>;
