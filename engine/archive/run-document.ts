/** What the lake keeps of a run that has ended: all that Redis knew of it, so that it can be put back as it was. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { FlyerlineError } from '../../infra/errors.ts';

const texts = z.record(z.string(), z.string());

const runDocument = z.object({
  format: z.literal(1),
  dagId: z.string(),
  runId: z.string(),
  /** Transitions of the run so far; a run that was cleared and has ended again has more. */
  rev: z.int(),
  state: z.enum(['success', 'failed']),
  kind: z.string(),
  day: z.string(),
  /** Of its data interval, epoch ms, and its end. */
  logicalMs: z.number(),
  endIso: z.string(),
  createdAtMs: z.number(),
  endedAtMs: z.number(),
  /** The graph it began with, and its version. */
  version: z.string(),
  /** The run's hash in Redis; see docs/internals/orchestration.md. */
  hash: texts,
  /** What its tasks made, JSON by place; absent when it was too large to keep. */
  results: texts.optional(),
  /** By task place. */
  places: texts,
  /** Attempts that failed or were lost, oldest first. */
  history: z.array(z.string()),
});
export type RunDocument = z.infer<typeof runDocument>;

/** Log lines of the attempts of a run, by `<task id>.<map index>.<attempt>`. */
const logDocument = z.object({ format: z.literal(1), attempts: z.record(z.string(), z.array(z.string())) });
export type LogDocument = z.infer<typeof logDocument>;

/** A run that had not ended: enough to ask for it again. */
const openRun = z.object({
  dagId: z.string(),
  runId: z.string(),
  rev: z.int(),
  kind: z.enum(['scheduled', 'manual', 'backfill']),
  start: z.string(),
  end: z.string(),
  day: z.string(),
  logicalMs: z.number(),
  params: z.record(z.string(), z.unknown()),
  version: z.string(),
  lane: z.string(),
  laneMax: z.int(),
  order: z.number(),
  note: z.string().optional(),
  conf: z.string().optional(),
  code: z.string().optional(),
  pool: z.string().optional(),
  timeoutMs: z.number().optional(),
  dependsOnPast: z.boolean(),
});
export type OpenRun = z.infer<typeof openRun>;

/** What else is lost with Redis: cursors, pauses, pools, and the runs under way. */
const stateDocument = z.object({
  format: z.literal(1),
  dags: z.record(z.string(), z.object({ coveredUntilMs: z.number().optional(), paused: z.boolean() })),
  pools: texts,
  /** How many attempts at a time, by name of the limit: those of fused backfills change while they run. */
  limits: texts.default({}),
  /** Lanes in which no run may begin: paused backfills. */
  pausedLanes: z.array(z.string()).default([]),
  openRuns: z.array(openRun).readonly(),
});
export type StateDocument = z.infer<typeof stateDocument>;

export function encode(document: RunDocument | LogDocument | StateDocument): Buffer {
  return gzipSync(JSON.stringify(document));
}

export const decodeRun = (key: string, body: Buffer) => decode(key, body, runDocument);
export const decodeLog = (key: string, body: Buffer) => decode(key, body, logDocument);
export const decodeState = (key: string, body: Buffer) => decode(key, body, stateDocument);

/** Gunzipped, a document is at most so large: what is larger was not written here. */
const BYTES_MAX = 256 * 1024 ** 2;

function decode<T>(key: string, body: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(gunzipSync(body, { maxOutputLength: BYTES_MAX }).toString()));
  } catch (cause) {
    throw new FlyerlineError('FL_OBJECT_SPOILED', {
      subject: `Object "${key}"`,
      reason: 'is no document of the run history',
      remedy: 'delete it, or read it with the version of the program that wrote it',
      retryable: false,
      cause,
    });
  }
}
