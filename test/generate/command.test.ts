/** The generate command as people type it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();

describe('./flyerline generate', () => {
  it('says what it made, and what to run next', async () => {
    const { exitCode, stdout } = await flyerline(
      ['generate', '--out', 'data', '--days', '1', '--users', '50'],
      {
        cwd: temp.fresh(),
      },
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/[\d,]+ rows of 1 day from 2018-10-01/);
    expect(stdout).toContain('run nightly --date 2018-10-01 --drops data/drops');
  });

  it('gives programs one JSON object on stdout', async () => {
    const out = temp.fresh();
    const result = await flyerlineJson<{ drops: string; truth: string; totals: { rows_read: number } }>([
      ...['generate', '--out', out, '--days', '1', '--events', '2k', '--format', 'csv'],
    ]);
    expect(result.drops).toBe(join(out, 'drops'));
    expect(existsSync(result.truth)).toBe(true);
    expect(result.totals.rows_read).toBeGreaterThanOrEqual(2000);
  });

  it.each([
    [['--users', '10', '--events', '10'], 'cannot be used with'],
    [['--format', 'yaml'], 'Allowed choices'],
    [['--days', 'three'], 'whole number'],
    [['--start', '2018-02-30'], 'must be a date'],
    [['--merchants', '0'], '"merchants"'],
  ])('refuses %j', async (args, why) => {
    const { exitCode, stderr } = await flyerline(['generate', '--out', temp.fresh(), ...args]);
    expect(stderr).toContain(why);
    expect(exitCode).toBe(2);
  });
});
