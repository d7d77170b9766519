/** Log lines of attempts: a capped list each, so that they can be read while the attempt runs and for some days afterwards. */
import { redact } from '../infra/redact.ts';
import { logsKey } from './archive/archive-runs.ts';
import { parseAttemptId } from './attempt-id.ts';
import type { RedisEngine } from './redis-engine.ts';

export interface AttemptLogs {
  /** Appends lines, without the secrets in them; beyond the cap the oldest go. */
  append(attemptId: string, lines: readonly string[]): Promise<void>;
  /** The lines that are kept. */
  read(attemptId: string): Promise<readonly string[]>;
  /** What has come since the last time, as far as it is kept, and where to go on; `from` is 0 for the first time. */
  readOn(
    attemptId: string,
    from: number,
  ): Promise<{ readonly lines: readonly string[]; readonly next: number }>;
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
        // The list itself does not know how many it has lost.
        .incrby(countOf(key), lines.length)
        .expire(countOf(key), KEPT_FOR_S)
        .sadd(known, attemptId)
        .expire(known, KEPT_FOR_S)
        .exec();
    },
    read: (attemptId) => redis.lrange(keys.log(attemptId), 0, -1),
    async readOn(attemptId, from) {
      const key = keys.log(attemptId);
      const replies = await redis.multi().get(countOf(key)).lrange(key, 0, -1).exec();
      const [count, kept] = replies!.map(([, value]) => value) as [string | null, string[]];
      const next = Math.max(Number(count ?? 0), kept.length);
      return { lines: kept.slice(Math.max(0, from - (next - kept.length))), next };
    },
  };
}

const countOf = (logKey: string): string => `${logKey}:count`;

/** What a library prints has not been through the log, which hides secrets. */
function toKept(line: string): string {
  const hidden = redact(line);
  return hidden.length > LINE_LENGTH_MAX ? `${hidden.slice(0, LINE_LENGTH_MAX)}…` : hidden;
}
