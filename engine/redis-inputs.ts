/** Lists too long for one script: read chunk by chunk after the claim. They cannot change while their reader runs. */
import { parseAttemptId } from './attempt-id.ts';
import type { RedisEngine } from './redis-engine.ts';

const CHUNK = 500;

/**
 * Adds the lists that a claim left out to its inputs. `lists` is flat: input name, place of the task that made it, `elements` or
 * `successes` (only what successful instances made), how many.
 */
export async function readLists(
  engine: RedisEngine,
  attemptId: string,
  inputsJson: string,
  lists: readonly (string | number)[],
): Promise<string> {
  const run = parseAttemptId(attemptId)!.run;
  const parts: string[] = [];
  for (let at = 0; at + 3 < lists.length; at += 4) {
    const [name, place, kind, count] = lists.slice(at, at + 4) as [string, number, string, number];
    const elements = await readList(engine, run, Number(place), kind === 'successes', Number(count));
    parts.push(`${JSON.stringify(name)}:[${elements.join(',')}]`);
  }
  const known = inputsJson.slice(1, -1);
  return `{${known === '' ? '' : `${known},`}${parts.join(',')}}`;
}

async function readList(
  { redis, keys }: RedisEngine,
  run: string,
  place: number,
  successesOnly: boolean,
  count: number,
): Promise<string[]> {
  const elements: string[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    const fields = Array.from({ length: Math.min(CHUNK, count - from) }, (_, k) => `${place}.${from + k}`);
    const [values, records] = await Promise.all([
      redis.hmget(keys.results(run), ...fields),
      successesOnly ? redis.hmget(keys.run(run), ...fields) : undefined,
    ]);
    for (const [k, value] of values.entries()) {
      if (records === undefined || records[k]?.startsWith('s')) elements.push(value ?? 'null');
    }
  }
  return elements;
}
