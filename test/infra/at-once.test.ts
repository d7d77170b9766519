/** Many things, a few at a time: in order, never more, and none begun after a failure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mapAtOnce } from '../../infra/at-once.ts';

it('gives the results in the order of the items, and works on no more than so many at a time', async () => {
  let running = 0;
  let most = 0;
  const results = await mapAtOnce([30, 1, 20, 1, 10], 2, async (ms, index) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(ms);
    running -= 1;
    return `${index}: ${ms}`;
  });
  expect(results).toEqual(['0: 30', '1: 1', '2: 20', '3: 1', '4: 10']);
  expect(most).toBe(2);
  expect(await mapAtOnce([], 2, async () => 1)).toEqual([]);
});

it('begins an item when any before it has ended, however long the first takes', async () => {
  const begun: number[] = [];
  const first = Promise.withResolvers<void>();
  const all = mapAtOnce([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) await first.promise;
    if (item === 3) first.resolve();
  });
  await all;
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('throws the first failure when what is under way has ended, and begins nothing more', async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    await sleep(item === 1 ? 5 : 40);
    if (item === 1) throw new Error('no');
    ended.push(item);
  };
  await expect(mapAtOnce([0, 1, 2, 3], 2, work)).rejects.toThrow('no');
  expect(ended).toEqual([0]);
});
