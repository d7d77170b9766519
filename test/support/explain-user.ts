/** Explains users' days from a lake of a test. */
import { openDuck } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { explainUserDay, type UserDayExplanation } from '../../tasks/explain/explain-user-day.ts';

/** Names of the rules that had a say, rejected rows included. */
export function rulesOf({ events, end, total, rejected }: UserDayExplanation): Set<string> {
  const told = [...events.flatMap((event) => event.told), ...end, ...total.told];
  return new Set([...told.map(({ rule }) => rule), ...(rejected.length > 0 ? ['R1'] : [])]);
}

export async function explainUsers(
  lakeDir: string,
  users: readonly string[],
  day: string,
  scratchDir: string,
): Promise<UserDayExplanation[]> {
  const store = await openStore(lakeDir, { readOnly: true });
  const explained: UserDayExplanation[] = [];
  try {
    for (const user of users) {
      const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: scratchDir });
      try {
        explained.push(await explainUserDay(duck, store, user, day, scratchDir));
      } finally {
        await duck.close();
      }
    }
  } finally {
    await store.close();
  }
  return explained;
}
