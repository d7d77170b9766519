/** Claims: who may commit a partition. The newest claim's number is the fencing token. */
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import { claimsDir, type Day, type Token, twentyDigits } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { CLAIM_LIFETIME_MS } from './retention.ts';

const TOKEN = /^\d{20}$/;

/**
 * Takes the next number of the partition: put-if-absent, so no two claims ever share one.
 * List inputs after the claim: then a newer claim has seen all that an older one saw.
 */
export async function claimPartition(store: ObjectStore, table: string, day: Day): Promise<Token> {
  const dir = claimsDir(table, day);
  let next = (await newestClaim(store, table, day)) + 1n;
  for (;;) {
    const token = twentyDigits(next);
    try {
      await store.put(dir + token, JSON.stringify({ claimedAt: new Date().toISOString() }), {
        ifAbsent: true,
      });
      return token;
    } catch (error) {
      if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
      next += 1n;
    }
  }
}

/** Days of the table that were claimed since the time, and so may have been committed: one listing, no log is read. */
export async function daysClaimedSince(
  store: ObjectStore,
  table: string,
  sinceMs: number,
): Promise<ReadonlySet<Day>> {
  const days = new Set<Day>();
  for await (const { key, lastModifiedMs } of store.list(`ctl/${table}/claims/dt=`)) {
    if (lastModifiedMs >= sinceMs) days.add(key.split('/')[3]!.slice('dt='.length));
  }
  return days;
}

/** 0n when the partition was never claimed. */
async function newestClaim(store: ObjectStore, table: string, day: Day): Promise<bigint> {
  const dir = claimsDir(table, day);
  let newest = 0n;
  for await (const { key } of store.list(dir)) {
    const token = key.slice(dir.length);
    if (TOKEN.test(token)) newest = BigInt(token);
  }
  return newest;
}

/** Throws FL_CLAIM_EXPIRED, which trying again cannot help: a new run makes a new claim. */
export async function requireFreshClaim(
  store: ObjectStore,
  table: string,
  day: Day,
  token: Token,
  nowMs = Date.now(),
): Promise<void> {
  const claim = await store.head(claimsDir(table, day) + token);
  if (claim !== undefined && nowMs - claim.lastModifiedMs <= CLAIM_LIFETIME_MS) return;
  throw new FlyerlineError('FL_CLAIM_EXPIRED', {
    subject: `Claim ${BigInt(token)} of ${table} ${day}`,
    reason: claim === undefined ? 'does not exist' : 'is older than 24 hours',
    remedy: 'run the day again, which makes a new claim',
    retryable: false,
  });
}
