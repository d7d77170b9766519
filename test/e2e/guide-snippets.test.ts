/** The Python in the guides runs as printed, on a lake that was just published. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { findPython } from '../../cli/test/python.ts';
import { flyerlineJson } from '../support/flyerline.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const python = await findPython();
const readers =
  python === undefined
    ? { missing: 'the Python readers are not installed; ./flyerline test installs them' }
    : {};
const run = promisify(execFile);

const guide = readFileSync(join(PROJECT_ROOT, 'docs/guides/read-the-exports.md'), 'utf8');
const snippets = [...guide.matchAll(/## ([^\n]+)\n(?:(?!\n## )[\s\S])*?```python\n([\s\S]*?)```/g)].map(
  ([, title, code]) => ({ title: title!, code: code! }),
);

describeWith(readers, 'docs/guides/read-the-exports.md', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');

  beforeAll(async () => {
    const { drops } = await flyerlineJson<{ drops: string }>([
      'generate',
      '--out',
      join(dir.path, 'data'),
      '--days',
      '1',
      '--users',
      '200',
    ]);
    await flyerlineJson(['run', 'nightly', '--date', '2018-10-01', '--drops', drops, '--lake', lake]);
  }, 120_000);

  it('has a snippet for each reader it names', () => {
    expect(snippets.map(({ title }) => title)).toEqual(['pandas', 'polars', 'Any Delta reader']);
  });

  it.each(snippets)('$title', async ({ code }) => {
    const { stdout } = await run(python!, ['-c', endingAtOnce(code)], {
      env: { ...process.env, LAKE: lake },
      cwd: dirname(lake),
    });
    expect(stdout).toMatch(/\d/);
  });
});
