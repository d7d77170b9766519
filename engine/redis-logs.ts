/** Log lines of attempts: a capped list each, so that they can be read while the attempt runs and for some days afterwards. */
import type { RedisEngine } from './redis-engine.ts';

export interface AttemptLogs {
  /** Appends lines; beyond the cap the oldest go. */
  append(attemptId: string, lines: readonly string[]): Promise<void>;
  /** Lines from number `from` on, counted from the first that is still kept. */
  read(attemptId: string, from?: number): Promise<readonly string[]>;
}

const LINES_MAX = 1_000;
const LINE_LENGTH_MAX = 8_000;
const KEPT_FOR_S = 7 * 86_400;

export function attemptLogs({ redis, keys }: RedisEngine): AttemptLogs {
  return {
    async append(attemptId, lines) {
      if (lines.length === 0) return;
      const key = keys.log(attemptId);
      await redis
        .multi()
        .rpush(key, ...lines.slice(-LINES_MAX).map(cut))
        .ltrim(key, -LINES_MAX, -1)
        .expire(key, KEPT_FOR_S)
        .exec();
    },
    read: (attemptId, from = 0) => redis.lrange(keys.log(attemptId), from, -1),
  };
}

function cut(line: string): string {
  return line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line;
}
