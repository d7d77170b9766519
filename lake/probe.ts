/** Proves that a store keeps the conditions of writes, before anything is published on it. */
import { randomUUID } from 'node:crypto';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import type { ObjectStore, WriteCondition } from './object-store.ts';

const RACERS = 16;

/** Below it are the probe's objects, removed again as far as the credentials allow. */
const PROBE_DIR = 'ctl/.probe/';

/**
 * Several S3 look-alikes accept conditional headers and ignore them: two runs would both believe that they committed.
 * Throws FL_STORE_UNFIT naming the store and what it did; other errors mean that it could not be asked.
 */
export async function probeStore(store: ObjectStore): Promise<void> {
  const key = `${PROBE_DIR}${randomUUID()}`;
  try {
    const winner = await race(store, key, { ifAbsent: true }, 'put-if-absent');
    await refuses(store, key, { ifAbsent: true }, 'an object was created although it exists');
    const { body, info } = await store.get(key);
    if (body.toString() !== winner.body) throw unfit(store, 'the write that won is not what is stored');
    const next = await race(store, key, { ifMatch: info.etag }, 'if-match');
    await refuses(store, key, { ifMatch: info.etag }, 'an object was replaced although its ETag had changed');
    if ((await store.get(key)).body.toString() !== next.body) {
      throw unfit(store, 'the write that won is not what is stored');
    }
  } finally {
    await store.delete(key).catch(() => undefined);
  }
}

/** Several writers at once under one condition: exactly one may succeed. */
async function race(
  store: ObjectStore,
  key: string,
  condition: WriteCondition,
  name: string,
): Promise<{ readonly body: string }> {
  const bodies = Array.from({ length: RACERS }, (_, racer) => `${name} ${racer} ${randomUUID()}`);
  const ends = await Promise.allSettled(bodies.map((body) => store.put(key, body, condition)));
  for (const end of ends) {
    if (end.status === 'rejected' && !isFlyerlineError(end.reason, 'FL_PRECONDITION')) throw end.reason;
  }
  const winners = bodies.filter((_, racer) => ends[racer]!.status === 'fulfilled');
  if (winners.length !== 1) {
    throw unfit(store, `of ${RACERS} writers racing with ${name}, ${winners.length} were told that they won`);
  }
  return { body: winners[0]! };
}

async function refuses(
  store: ObjectStore,
  key: string,
  condition: WriteCondition,
  violation: string,
): Promise<void> {
  try {
    await store.put(key, 'must not be written', condition);
  } catch (error) {
    if (isFlyerlineError(error, 'FL_PRECONDITION')) return;
    throw error;
  }
  throw unfit(store, violation);
}

function unfit(store: ObjectStore, violation: string): FlyerlineError {
  return new FlyerlineError('FL_STORE_UNFIT', {
    subject: `Object store ${store.url}`,
    reason: `does not keep the conditions of writes (${violation}), so two runs could overwrite each other`,
    remedy:
      'use Amazon S3, a server with conditional writes (a current versitygw, for example), or a local directory',
    retryable: false,
  });
}
