/** Small documents that several processes change: read, change, replace if unchanged, again if not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFlyerlineError } from '../infra/errors.ts';
import type { ObjectStore } from './object-store.ts';

const LOSSES_MAX = 500;
const PAUSE_MAX_MS = 250;

/** Read, change, replace if unchanged, until it holds; `change` returns undefined to leave the object alone. */
export async function replaceText(
  store: ObjectStore,
  key: string,
  change: (body: string | undefined) => string | undefined | Promise<string | undefined>,
): Promise<void> {
  for (let losses = 0; ; losses += 1) {
    const found = await getText(store, key);
    const next = await change(found?.text);
    if (next === undefined) return;
    try {
      await store.put(key, next, found === undefined ? { ifAbsent: true } : { ifMatch: found.etag });
      return;
    } catch (error) {
      // Each loss means that somebody else's change got through.
      if (!isFlyerlineError(error, 'FL_PRECONDITION') || losses >= LOSSES_MAX) throw error;
      await sleep(Math.random() * Math.min(PAUSE_MAX_MS, 2 ** losses));
    }
  }
}

/** Undefined when there is no such object. */
export async function getText(
  store: ObjectStore,
  key: string,
): Promise<{ readonly text: string; readonly etag: string } | undefined> {
  try {
    const { body, info } = await store.get(key);
    return { text: body.toString(), etag: info.etag };
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  }
}
