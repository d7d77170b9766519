/** Each example of the definition, explained: the rule it is about has its say, and the views are those that were published. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UserDayExplanation } from '../../tasks/explain/explain-user-day.ts';
import type { MetricParams } from '../../tasks/metric-params.ts';
import cases from '../dwell/cases.json' with { type: 'json' };
import { explainUsers, rulesOf } from '../support/explain-user.ts';
import { publishDays } from '../support/publish-days.ts';
import { useTempDir } from '../support/temp-dir.ts';

interface Case {
  readonly rule: string;
  readonly name: string;
  /** timestamp, user, event, flyer, merchant */
  readonly input: readonly (readonly string[])[];
  readonly params: Partial<MetricParams>;
}

const DAY = '2018-10-01';
const dir = useTempDir();

async function explain({ input, params }: Pick<Case, 'input' | 'params'>): Promise<UserDayExplanation[]> {
  const rows = input.map(([timestamp, user, event, flyer, merchant]) => ({
    ...{ timestamp: timestamp!, user: user!, event: event!, flyer: flyer!, merchant: merchant! },
  }));
  const lake = join(dir.fresh(), 'lake');
  await publishDays(lake, rows, { params });
  const users = [...new Set(rows.map(({ user }) => user).filter((user) => user !== ''))];
  return explainUsers(lake, users, DAY, dir.fresh());
}

describe.each(cases as unknown as Case[])('$rule: $name', (example) => {
  let explained: UserDayExplanation[];
  beforeAll(async () => {
    explained = await explain(example);
  });

  it('is told by its rule', () => {
    expect(explained.flatMap((one) => [...rulesOf(one)])).toContain(example.rule);
  });

  it('comes to the published views', () => {
    expect(explained.map(({ agrees }) => agrees)).toEqual(explained.map(() => true));
  });

  it('is silent about rules that had nothing to do', () => {
    const special = ['R1', 'R2', 'R4', 'R10', 'R12', 'R13'];
    const told = new Set(explained.flatMap((one) => [...rulesOf(one)]));
    expect(special.filter((rule) => told.has(rule) && rule !== example.rule)).toEqual(
      SIDE_RULES[example.name] ?? [],
    );
  });
});

/** Examples of one rule in which another has a say as well: ids that are null words, an event of the next day. */
const SIDE_RULES: Readonly<Record<string, readonly string[]>> = {
  'exact duplicates after normalisation count once': ['R2'],
  'item_open with unknown flyer: same merchant or no merchant stays, other merchant leaves; it never starts a view':
    ['R2'],
  'flyer_open of an unknown flyer leaves the open flyer and starts nothing': ['R2'],
  'a view belongs to the local day of its start, whole': ['R12'],
};
