/** Backfills in the lake: the plan, which never changes, what has become of it, and the days that this or that process has run. */
import { z } from 'zod';
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { getText, replaceText } from '../../lake/replace-text.ts';
import { type BackfillPlan, backfillPlan } from './backfill-plan.ts';

export const BACKFILL_STATUSES = ['planned', 'running', 'paused', 'cancelled', 'done', 'failed'] as const;
export type BackfillStatus = (typeof BACKFILL_STATUSES)[number];

const backfillState = z.object({
  id: z.string(),
  status: z.enum(BACKFILL_STATUSES),
  /** Who runs it: one process by itself, or the workers. */
  executor: z.enum(['local', 'queues']).nullable(),
  maxActive: z.number(),
  /** Counts how often it was begun: runs of an earlier time are not those of a later one. */
  generation: z.number(),
  appliedAtMs: z.number().nullable(),
  updatedAtMs: z.number(),
  /** Until then a process is taken to be at it; 0 when none is. */
  aliveUntilMs: z.number(),
  /** Of the plan, for lists. */
  dagId: z.string(),
  from: z.string(),
  to: z.string(),
  runDays: z.number(),
  createdAtMs: z.number(),
});
export type BackfillState = z.infer<typeof backfillState>;

const dayResult = z.object({
  day: z.string(),
  state: z.enum(['success', 'failed']),
  runId: z.string(),
  durationMs: z.number(),
  note: z.string().nullable(),
});
/** What became of a day that one process ran by itself. */
export type DayResult = z.infer<typeof dayResult>;

export const BACKFILLS_DIR = 'ctl/backfills/';
const planKey = (id: string): string => `${BACKFILLS_DIR}${id}/plan.json`;
const stateKey = (id: string): string => `${BACKFILLS_DIR}${id}/state.json`;
const daysDir = (id: string): string => `${BACKFILLS_DIR}${id}/days/`;
const READS_AT_ONCE = 32;

export async function putBackfill(store: ObjectStore, plan: BackfillPlan): Promise<void> {
  const { id, dagId, createdAtMs, maxActive, summary } = plan;
  await store.put(planKey(id), `${JSON.stringify(plan)}\n`, { ifAbsent: true });
  const state: BackfillState = {
    ...{ id, dagId, createdAtMs, maxActive },
    ...{ status: 'planned', executor: null, generation: 0 },
    ...{ appliedAtMs: null, updatedAtMs: createdAtMs, aliveUntilMs: 0 },
    ...{ from: summary.from, to: summary.to, runDays: summary.runDays },
  };
  await store.put(stateKey(id), `${JSON.stringify(state)}\n`, { ifAbsent: true });
}

/** Throws FL_BACKFILL_UNKNOWN. */
export async function readPlan(store: ObjectStore, id: string): Promise<BackfillPlan> {
  const found = isId(id) ? await getText(store, planKey(id)) : undefined;
  if (found === undefined) throw backfillUnknown(id);
  return backfillPlan.parse(JSON.parse(found.text));
}

/** Throws FL_BACKFILL_UNKNOWN. */
export async function readState(store: ObjectStore, id: string): Promise<BackfillState> {
  const found = isId(id) ? await getText(store, stateKey(id)) : undefined;
  if (found === undefined) throw backfillUnknown(id);
  return backfillState.parse(JSON.parse(found.text));
}

/** Newest first. */
export async function listBackfills(store: ObjectStore): Promise<BackfillState[]> {
  const ids: string[] = [];
  for await (const { key } of store.list(BACKFILLS_DIR)) {
    const id = /^ctl\/backfills\/([^/]+)\/state\.json$/.exec(key)?.[1];
    if (id !== undefined) ids.push(id);
  }
  const states: BackfillState[] = [];
  for (let start = 0; start < ids.length; start += READS_AT_ONCE) {
    states.push(
      ...(await Promise.all(ids.slice(start, start + READS_AT_ONCE).map((id) => readState(store, id)))),
    );
  }
  return states.sort((a, b) => b.createdAtMs - a.createdAtMs);
}

/** Reads, changes, replaces if unchanged. `change` may throw to refuse. Resolves to what is there afterwards. */
export async function changeState(
  store: ObjectStore,
  id: string,
  change: (state: BackfillState) => Partial<BackfillState>,
): Promise<BackfillState> {
  let after = await readState(store, id);
  await replaceText(store, stateKey(id), (body) => {
    if (body === undefined) throw backfillUnknown(id);
    const before = backfillState.parse(JSON.parse(body));
    after = { ...before, ...change(before), updatedAtMs: Date.now() };
    return `${JSON.stringify(after)}\n`;
  });
  return after;
}

export async function putDayResult(store: ObjectStore, id: string, result: DayResult): Promise<void> {
  await store.put(`${daysDir(id)}${result.day}.json`, `${JSON.stringify(result)}\n`);
}

/** By day. */
export async function readDayResults(store: ObjectStore, id: string): Promise<Map<string, DayResult>> {
  const keys: string[] = [];
  for await (const { key } of store.list(daysDir(id))) keys.push(key);
  const results = new Map<string, DayResult>();
  for (let start = 0; start < keys.length; start += READS_AT_ONCE) {
    const read = await Promise.all(keys.slice(start, start + READS_AT_ONCE).map((key) => store.get(key)));
    for (const { body } of read) {
      const result = dayResult.parse(JSON.parse(body.toString()));
      results.set(result.day, result);
    }
  }
  return results;
}

const isId = (id: string): boolean => /^[\w-]{1,64}$/.test(id);

function backfillUnknown(id: string): FlyerlineError {
  return new FlyerlineError('FL_BACKFILL_UNKNOWN', {
    subject: `Backfill "${id}"`,
    reason: 'does not exist in this lake',
    remedy: 'see ./flyerline backfill list',
    retryable: false,
  });
}
