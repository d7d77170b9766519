/** Calls in turn do not overlap, and a failure harms its own call alone. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTurn } from '../../infra/in-turn.ts';

describe('inTurn', () => {
  it('runs calls one after another in the order of the calls, also behind one that fails', async () => {
    const log: string[] = [];
    const work = inTurn(async (name: string) => {
      log.push(`${name} begins`);
      await setImmediate();
      log.push(`${name} ends`);
      if (name === 'b') throw new Error('b broke');
      return name;
    });
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => work(name)));
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results).toMatchObject([{ value: 'a' }, { reason: { message: 'b broke' } }, { value: 'c' }]);
  });
});
