/** Nothing in the repository depends on where a machine keeps its files. */
import { expect, it } from 'vitest';
import { projectFiles } from '../support/source-files.ts';

/** Somebody's home, or the folder of one particular machine. */
const MACHINE_PATH = /(?<![\w.:/$}])\/(?:home|Users|root|work|mnt|tmp)\/[\w.-]+/;

it('no file outside docs names an absolute path of a machine', () => {
  const found = projectFiles('.ts', '.json', '.sql', '.lua', '.sh', '.yml', '.yaml', '')
    .filter(({ path }) => !path.startsWith('docs/') && path !== 'LICENSE')
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, at) => (MACHINE_PATH.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
  expect(found).toEqual([]);
});
