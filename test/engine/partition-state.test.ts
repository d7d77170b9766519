/** Partition states: each state from the facts that make it, with a reason somebody can act on. */
import { describe, expect, it } from 'vitest';
import {
  assessPartition,
  type ExpectedFacts,
  type HeadFacts,
  type PartitionFacts,
  worstState,
} from '../../engine/partition-state.ts';

const recipe = {
  inputsDigest: 'a',
  inputCount: 2,
  codeVersion: 'c1',
  definitionVersion: 'd1',
  paramsDigest: 'p1',
};
const head: HeadFacts = {
  ...recipe,
  claim: 7,
  committedAtMs: Date.parse('2018-10-02T07:15:00Z'),
  runId: 'scheduled__1',
  isShown: true,
};
const expected: ExpectedFacts = { ...recipe, rowCount: 1200, unread: [], finality: 'final' };
const FACTS: PartitionFacts = { asset: 'user_day', day: '2018-10-01', head, isPinned: false, expected };
const VERSION = 'version 7 (2018-10-02 07:15 UTC)';
const failedRun = { runId: 'r2', state: 'failed', error: 'FL_CHECK_FAILED: rows are lost' } as const;

const cases: readonly (readonly [title: string, Partial<PartitionFacts>, state: string, reason: string])[] = [
  ['equal recipes', {}, 'fresh', 'made of the same 2 drops, code and parameters'],
  [
    'drops that came',
    {
      expected: { ...expected, inputsDigest: 'b' },
      changes: { added: ['x.csv', 'y.csv', 'z.csv'], replaced: [], removed: [] },
    },
    'stale-input',
    `3 drops arrived (x.csv, y.csv, z.csv) after ${VERSION}`,
  ],
  [
    'a drop that was replaced, and one that went',
    {
      expected: { ...expected, inputsDigest: 'b' },
      changes: { added: [], replaced: ['x.csv'], removed: ['y.csv'] },
    },
    'stale-input',
    `1 drop was replaced (x.csv); 1 drop no longer counts (y.csv) after ${VERSION}`,
  ],
  [
    'other drops, nobody has looked which',
    { expected: { ...expected, inputsDigest: 'b' } },
    'stale-input',
    `its drops are not those of ${VERSION}`,
  ],
  [
    'a drop that nobody has read',
    { expected: { ...expected, unread: ['2018-10-01/late.csv'] } },
    'stale-input',
    `1 drop arrived and waits to be read (2018-10-01/late.csv) after ${VERSION}`,
  ],
  [
    'a day that has become final',
    { head: { ...head, finality: 'provisional' } },
    'stale-input',
    `${VERSION} is provisional, and the day has become final since`,
  ],
  [
    'other code',
    { expected: { ...expected, codeVersion: 'c2' } },
    'stale-code',
    `since ${VERSION} the code is now c2, not c1`,
  ],
  [
    'other parameters',
    { expected: { ...expected, paramsDigest: 'p2' }, paramChanges: ['inactivity_timeout_s 1800 → 900'] },
    'stale-code',
    `since ${VERSION} parameters differ: inactivity_timeout_s 1800 → 900`,
  ],
  [
    'other drops and other code: the drops are what matters',
    { expected: { ...expected, inputsDigest: 'b', codeVersion: 'c2' } },
    'stale-input',
    `its drops are not those of ${VERSION}`,
  ],
  ['no version', { head: undefined }, 'missing', 'never made; 2 drops hold 1,200 rows'],
  [
    'no version and no rows',
    { head: undefined, expected: { ...expected, rowCount: 0 } },
    'missing',
    'no drop holds a row of it',
  ],
  ['a run that goes on', { run: { runId: 'r2', state: 'running' } }, 'running', 'run r2 is running'],
  [
    'a run that failed, nothing before',
    { head: undefined, run: failedRun },
    'failed',
    'run r2 failed: FL_CHECK_FAILED: rows are lost; nothing was published before',
  ],
  [
    'a run that failed on new drops',
    { expected: { ...expected, inputsDigest: 'b' }, run: failedRun },
    'failed',
    `run r2 failed: FL_CHECK_FAILED: rows are lost; ${VERSION} stays readable, although its drops are not those of ${VERSION}`,
  ],
  [
    'a run that failed although all is as it should be',
    { run: failedRun },
    'fresh',
    'made of the same 2 drops, code and parameters',
  ],
  [
    'a version that the exports do not show',
    { head: { ...head, isShown: false } },
    'failed',
    `${VERSION} is committed, but the run ended before its exports showed it`,
  ],
  [
    'a rollback',
    { isPinned: true, expected: { ...expected, codeVersion: 'c2' }, run: { runId: 'r2', state: 'running' } },
    'pinned',
    `a rollback pinned ${VERSION}, and no run replaces it; meanwhile since ${VERSION} the code is now c2, not c1`,
  ],
];

describe('the state of a partition', () => {
  it.each(cases)('of %s', (_, facts, state, reason) => {
    expect(assessPartition({ ...FACTS, ...facts })).toEqual({
      asset: 'user_day',
      day: '2018-10-01',
      finality: facts.head?.finality ?? 'final',
      state,
      reason,
    });
  });

  it('of several assets is the one that needs somebody soonest', () => {
    expect(worstState(['fresh', 'stale-code', 'failed', 'missing'])).toBe('failed');
    expect(worstState(['fresh', 'pinned'])).toBe('pinned');
    expect(worstState([])).toBe('fresh');
  });
});
