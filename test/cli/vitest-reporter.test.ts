/** How `./flyerline test` counts: no failure and no skip goes by unseen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { runTool } from '../../cli/test/run-tool.ts';
import type { VitestMessage } from '../../cli/test/vitest-reporter.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();

it('tells each test apart: passed, failed, skipped with its reason', async () => {
  const { outcomes, exitCode } = await runFile(`
    it('good', () => {});
    it('bad', () => { throw new Error('no'); });
    it.skip('left out', () => {});
    it.todo('to come');
    it('cannot here', ({ skip }) => skip('no such server'));
    describe.skip('group [skipped: no Redis; no S3]', () => { it('inner', () => {}); });`);
  expect(exitCode).toBe(1);
  expect(outcomes).toEqual([
    'failed a.test.js > bad',
    'passed a.test.js > good',
    'skipped a.test.js > cannot here (no such server)',
    'skipped a.test.js > group [skipped: no Redis; no S3] > inner (no Redis; no S3)',
    'skipped a.test.js > left out (no reason given)',
    'skipped a.test.js > to come (no reason given)',
  ]);
});

it.each([
  ['a file that does not load', `import './nowhere.js'; it('never', () => {});`, 'broken a.test.js'],
  [
    'a hook that throws',
    `describe('s', () => { beforeAll(() => { throw new Error('no'); }); it('never', () => {}); });`,
    'broken a.test.js > s',
  ],
  [
    'a rejection that nobody handles',
    `it('good', async () => { Promise.reject(new Error('no')); await new Promise(setImmediate); });`,
    'broken an error that no test handled',
  ],
])('counts %s as a failure', async (_what, text, outcome) => {
  const { outcomes, exitCode } = await runFile(text);
  expect(exitCode).toBe(1);
  expect(outcomes).toContain(outcome);
});

it('counts nothing as failed when all is well', async () => {
  const { outcomes, exitCode } = await runFile(`it('good', () => {});`);
  expect({ outcomes, exitCode }).toEqual({ outcomes: ['passed a.test.js > good'], exitCode: 0 });
});

/** Runs `a.test.js` with this text as `./flyerline test` runs the project's own files. */
async function runFile(text: string): Promise<{ outcomes: string[]; exitCode: number }> {
  const root = temp.fresh();
  writeFileSync(join(root, 'a.test.js'), text);
  const messages: VitestMessage[] = [];
  const { exitCode } = await runTool(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      `--root=${root}`,
      '--globals',
      `--reporter=${join(PROJECT_ROOT, 'cli/test/vitest-reporter.ts')}`,
    ],
    { timeoutMs: 60_000, onMessage: (message) => messages.push(message as VitestMessage) },
  );
  return { outcomes: messages.flatMap((message) => outcomeOf(message, root)).toSorted(), exitCode };
}

function outcomeOf(message: VitestMessage, root: string): string[] {
  if (!('name' in message)) return [];
  // Paths are relative to the project; the file is outside of it.
  const name = message.name.replace(/^\S*a\.test\.js/, 'a.test.js').replace(root, '');
  return [`${message.type} ${name}${message.type === 'skipped' ? ` (${message.reason})` : ''}`];
}
