/** The sources run as they are on the oldest Node that package.json names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { projectFiles } from '../support/source-files.ts';

/** Node only strips types: what is newer than Node 22's JavaScript does not even load there. */
const TOO_NEW =
  /^\s*(?:await )?using \w+\s*=|\b(?:Promise\.try|RegExp\.escape|Math\.sumPrecise|Error\.isError)\(|\bimport defer\b/;

it('no source file uses syntax or built-ins that Node 22 lacks', () => {
  const found = projectFiles('.ts').flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (TOO_NEW.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

it('the launcher asks for the version that package.json names', () => {
  const { engines } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8'));
  expect(engines.node).toBe('>=22.18');
  expect(readFileSync(join(PROJECT_ROOT, 'flyerline'), 'utf8')).toContain(
    "NODE_WANTED='Node.js 22.18 or newer'",
  );
});
