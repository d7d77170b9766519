/** Freezes versions of tables that belong together under a name, so that what was read of them can be read again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type Freeze, freezeTables, type MixedDay } from '../../lake/snapshots/freeze-tables.ts';
import {
  contentOfTables,
  type NamedSnapshot,
  putNamedSnapshot,
  requireName,
} from '../../lake/snapshots/named-snapshot.ts';
import { requireDay } from '../range/day-range.ts';
import { LAKE_TABLES, MERCHANT_DAY, PUBLISHED_TABLES } from '../tables.ts';

export interface CreateSnapshotOptions {
  readonly name: string;
  readonly note?: string | undefined;
  /** Both included. @default all days */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Names. @default every table that has a day in the range */
  readonly tables?: readonly string[] | undefined;
  /** Freezes days although their tables do not belong together. @default false */
  readonly allowMixed?: boolean;
  /** How long a run may take to publish the rest of a day. @default 30 s */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** Called once before it waits. */
  readonly onWait?: (mixed: readonly MixedDay[]) => void;
}

const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
/** A run that has committed one table longer ago than that is not publishing the others any more. */
const PUBLISHING_MAX_MS = 600_000;
const DAYS_NAMED = 3;

const PUBLISHED = PUBLISHED_TABLES.map(({ name }) => name);

/**
 * Tables of a day are committed one by one, so a look in between sees new ones and old ones: it looks again until they belong
 * together. Throws FL_SNAPSHOT_MIXED when they do not, FL_SNAPSHOT_EXISTS when the name stands for other rows, FL_OBJECT_MISSING
 * when a table has no day in the range.
 */
export async function createSnapshot(
  store: ObjectStore,
  options: CreateSnapshotOptions,
): Promise<{ readonly outcome: 'created' | 'existing'; readonly snapshot: NamedSnapshot }> {
  const { name, note, from, to, allowMixed = false } = options;
  requireName(name);
  for (const day of [from, to]) if (day !== undefined) requireDay(day);
  const { tables, mixed } = await freezeSettled(store, options);
  requireAll(options, tables);
  if (mixed.length > 0 && !allowMixed) throw mixedDays(name, mixed);
  return putNamedSnapshot(store, {
    ...{ format: 1, name, note: note ?? null, createdAt: new Date().toISOString() },
    ...{ from: from ?? null, to: to ?? null, content: contentOfTables(tables) },
    mixed: mixed.map(({ day, reason }) => ({ day, reason })),
    tables,
  });
}

/** Days on which nobody is at work will not come right by waiting. */
async function freezeSettled(store: ObjectStore, options: CreateSnapshotOptions): Promise<Freeze> {
  const { tables = LAKE_TABLES.map(({ name }) => name), from, to, signal, onWait } = options;
  const endMs = Date.now() + (options.waitMs ?? WAIT_MS);
  for (let look = 0; ; look += 1) {
    const sameDays = [...PUBLISHED, MERCHANT_DAY.name];
    const freeze = await freezeTables(store, { tables, from, to, sameDays, sameInputs: PUBLISHED });
    const isPublishing = freeze.mixed.some(
      ({ committedAtMs }) => Date.now() - committedAtMs < PUBLISHING_MAX_MS,
    );
    if (!isPublishing || options.allowMixed === true || Date.now() >= endMs) return freeze;
    if (look === 0) onWait?.(freeze.mixed);
    await sleep(Math.min(LOOK_EVERY_MS, endMs - Date.now()), undefined, signal && { signal });
  }
}

function requireAll({ tables, from, to }: CreateSnapshotOptions, frozen: Freeze['tables']): void {
  const missing = (tables ?? []).filter((name) => !frozen.some(({ table }) => table === name));
  if (missing.length === 0 && frozen.length > 0) return;
  const range =
    from === undefined && to === undefined ? '' : ` from ${from ?? 'the first'} to ${to ?? 'the last'}`;
  throw new FlyerlineError('FL_OBJECT_MISSING', {
    subject: missing.length === 0 ? 'The lake' : `Table ${missing.join(', ')}`,
    reason: `has no day${range}`,
    remedy: 'see "partitions list" for the days there are, or run the missing ones',
    retryable: false,
  });
}

function mixedDays(name: string, mixed: readonly MixedDay[]): FlyerlineError {
  const named = mixed.slice(0, DAYS_NAMED).map(({ day, reason }) => `${day} (${reason})`);
  const more = mixed.length > DAYS_NAMED ? `, and ${mixed.length - DAYS_NAMED} more` : '';
  return new FlyerlineError('FL_SNAPSHOT_MIXED', {
    subject: `Snapshot "${name}"`,
    reason: `is not taken, as tables do not belong together on ${named.join('; ')}${more}`,
    remedy:
      'try again when the run that publishes them has ended, run those days again, or take fewer tables; --allow-mixed freezes them as they are',
  });
}
