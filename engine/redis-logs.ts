/** Log lines of attempts: a capped list each, so that they can be read while the attempt runs and for some days afterwards. */
import { redact } from '../infra/redact.ts';
import { logsKey } from './archive/archive-runs.ts';
import { parseAttemptId } from './attempt-id.ts';
import type { RedisEngine } from './redis-engine.ts';

export interface AttemptLogs {
  /** Appends lines, without the secrets in them; beyond the cap the oldest go. */
  append(attemptId: string, lines: readonly string[]): Promise<void>;
  /** Lines from number `from` on, counted from the first that is still kept. */
  read(attemptId: string, from?: number): Promise<readonly string[]>;
}

const LINES_MAX = 1_000;
const LINE_LENGTH_MAX = 8_000;
const KEPT_FOR_S = 7 * 86_400;

export function attemptLogs(engine: RedisEngine): AttemptLogs {
  const { redis, keys } = engine;
  return {
    async append(attemptId, lines) {
      if (lines.length === 0) return;
      const key = keys.log(attemptId);
      // So that the lake gets them when the run has ended, without looking for them.
      const known = logsKey(engine, parseAttemptId(attemptId)!.run);
      await redis
        .multi()
        .rpush(key, ...lines.slice(-LINES_MAX).map(toKept))
        .ltrim(key, -LINES_MAX, -1)
        .expire(key, KEPT_FOR_S)
        .sadd(known, attemptId)
        .expire(known, KEPT_FOR_S)
        .exec();
    },
    read: (attemptId, from = 0) => redis.lrange(keys.log(attemptId), from, -1),
  };
}

/** What a library prints has not been through the log, which hides secrets. */
function toKept(line: string): string {
  const hidden = redact(line);
  return hidden.length > LINE_LENGTH_MAX ? `${hidden.slice(0, LINE_LENGTH_MAX)}…` : hidden;
}
