/** `./flyerline test` itself: it counts, and a filter that matches nothing is no success. */
import { expect, it } from 'vitest';
import { runFlyerline } from '../support/run-command.ts';

it('runs the tests that a filter names and prints the count on a line of its own', async () => {
  const { exitCode, stdout, stderr } = await runFlyerline(['test', '--unit', 'house/lock-file']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('unit tests') });
  expect(stdout).toMatch(/^3 passed, 0 failed, 0 skipped$/m);
});

it('gives a program counts and stages as one JSON object', async () => {
  const { stdout } = await runFlyerline(['test', '--unit', '--json', 'house/lock-file']);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    passed: 3,
    failed: 0,
    skipped: 0,
    stages: [{ name: 'unit tests' }],
  });
});

it('fails when a filter matches nothing', async () => {
  const { exitCode, stderr } = await runFlyerline(['test', '--unit', 'no/such/file']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('✗ Filter "no/such/file" matches no test file');
});
