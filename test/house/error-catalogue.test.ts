/** Every error code is documented, thrown somewhere, and nothing else is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { ERROR_CODES } from '../../infra/errors.ts';
import { projectFiles } from '../support/source-files.ts';

const documented = readFileSync(join(PROJECT_ROOT, 'docs/reference/errors.md'), 'utf8');
const sections = [...documented.matchAll(/^### `(FL_\w+)`$/gm)].map(([, code]) => code!);

describe('error catalogue', () => {
  it('is documented code by code in docs/reference/errors.md', () => {
    expect(sections.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });

  it('is documented with the meaning that the catalogue gives', () => {
    const missing = Object.entries(ERROR_CODES).filter(([, meaning]) => !documented.includes(meaning));
    expect(missing.map(([code]) => code)).toEqual([]);
  });

  it('holds no code that nothing throws', () => {
    const sources = projectFiles('.ts', '.lua')
      .filter(({ path }) => !/^(test|bench)\//.test(path) && path !== 'infra/errors.ts')
      .map(({ text }) => text)
      .join('\n');
    // FL_INTERNAL is thrown by `invariant`, in the catalogue's own file.
    const codes = Object.keys(ERROR_CODES).filter((code) => code !== 'FL_INTERNAL');
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});
