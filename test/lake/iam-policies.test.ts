/** The example policies give each role what it needs and no more, as they are read; `iam-enforced.test.ts` has a server enforce them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

const policy = (name: string) => {
  const text = readFileSync(new URL(`../../infra/iam/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly Statement: readonly Statement[] }).Statement;
};
const allowed = (name: string) =>
  policy(name).flatMap(({ Effect, Action }) => (Effect === 'Allow' ? [Action].flat() : []));

describe('the example policies', () => {
  it('let nobody but gc delete', () => {
    expect(allowed('worker').filter((action) => /Delete|\*/.test(action))).toEqual([]);
    expect(allowed('reader').filter((action) => !/Get|List/.test(action))).toEqual([]);
    expect(allowed('gc')).toContain('s3:DeleteObject');
    expect(allowed('producer').filter((action) => !/Put|Abort/.test(action))).toEqual([]);
    const puts = policy('gc').filter(({ Action }) => [Action].flat().includes('s3:PutObject'));
    expect(puts.map(({ Resource }) => Resource)).toEqual(['arn:aws:s3:::LAKE_BUCKET/stage/retired/*']);
  });

  it('keep gc away from logs and exports', () => {
    const deletable = policy('gc')
      .filter(({ Action }) => [Action].flat().includes('s3:DeleteObject'))
      .flatMap(({ Resource }) => [Resource].flat());
    const patterns = deletable.map(
      (arn) =>
        new RegExp(
          `^${arn.replace('arn:aws:s3:::LAKE_BUCKET/', '').replaceAll('.', '\\.').replaceAll('*', '.*')}$`,
        ),
    );
    const mayDelete = (key: string) => patterns.some((pattern) => pattern.test(key));
    expect(mayDelete('tables/user_day/dt=2018-10-01/00000000000000000001-00.parquet')).toBe(true);
    expect(mayDelete('ctl/user_day/claims/dt=2018-10-01/00000000000000000001')).toBe(true);
    expect(mayDelete('runs/flyerline/nightly/manual__1/0000000007.json.gz')).toBe(true);
    expect(mayDelete('scratch/dt=2018-10-01/x.parquet')).toBe(true);
    expect(mayDelete('stage/dt=2018-10-01/bucket=00-of-1/0123456789abcdef0123456789abcdef-0.parquet')).toBe(
      true,
    );
    for (const key of [
      'tables/user_day/_delta_log/00000000000000000000.json',
      'current/csv/user_day/dt=2018-10-01/user_day.csv',
      'current/catalog.json',
      'ctl/user_day/current/csv/dt=2018-10-01.json',
    ]) {
      expect(mayDelete(key)).toBe(false);
    }
  });
});
