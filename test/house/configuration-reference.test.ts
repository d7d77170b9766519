/** Every environment variable and setting is in docs/reference/configuration.md, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { ENVIRONMENT_SETTINGS } from '../../infra/config-env.ts';
import { projectFiles } from '../support/source-files.ts';

const reference = readFileSync(join(PROJECT_ROOT, 'docs/reference/configuration.md'), 'utf8');
const documented = new Map(
  [...reference.matchAll(/^\| `([\w.<>]+)`\s+\| `(FLYERLINE_\w+)`/gm)].map(([, setting, variable]) => [
    variable!,
    setting!,
  ]),
);

it('documents each setting beside its environment variable', () => {
  const settings = Object.entries(ENVIRONMENT_SETTINGS).map(([variable, [path]]) => [variable, path]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(settings));
});

it('documents every FLYERLINE variable that the code reads', () => {
  const read = projectFiles('.ts', '')
    .filter(({ path }) => !path.startsWith('docs/') && !path.endsWith('.test.ts'))
    .flatMap(({ text }) => [...text.matchAll(/\bFLYERLINE_[A-Z0-9_]*[A-Z0-9]\b/g)].map(([name]) => name));
  expect([...new Set(read)].filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
});
