/** Three kinds of tests, told apart by what they need: unit, integration (a server), end to end (test/e2e). */
import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.ts';

const E2E = 'test/e2e/**/*.test.ts';

/** A test that starts a server does so through test/support: importing it makes it an integration test. */
const NEEDS_SERVER = /from '[^']*\/support\/(redis|s3-server)\.ts'/;
const integration = globSync('test/**/*.test.ts', { exclude: ['test/e2e/**'] }).filter((path) =>
  NEEDS_SERVER.test(readFileSync(path, 'utf8')),
);

export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest's default leaves one core to itself: on a machine of two, files would run one after the other.
    maxWorkers: '100%',
    sequence: { sequencer: SlowestFirst },
    // What tests compare is plain text, also when Vitest itself writes in colours.
    env: { FORCE_COLOR: '0' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [E2E, ...integration],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: 'integration', include: integration, testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'e2e', include: [E2E], testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
  },
});
