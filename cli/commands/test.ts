/** `test`: type check, lint, and all tests with what they need. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import type { TestOptions } from '../test/run-tests.ts';

export function command(): Command {
  const declared = new Command('test')
    .summary('type check, lint, unit, integration and end-to-end tests')
    .description(
      'Type check, lint, unit, integration and end-to-end tests.\n\n' +
        'Integration tests run against a real Redis and real S3 servers, which are installed or built first where ' +
        'the machine lacks them. What it cannot have is reported as skipped, with the reason. With a filter, only ' +
        'test files whose path contains it run, and type check and lint are left out.',
    )
    .argument('[filter...]', 'parts of the paths of test files')
    .option('--unit', 'only type check, lint and unit tests')
    .option('--integration', 'only tests that need a server')
    .option('--e2e', 'only tests of whole commands and runs')
    .option('--no-skips', 'count a skipped test as a failure')
    .action(async (filters: string[], options: TestOptions) => {
      const { runTests } = await import('../test/run-tests.ts');
      await runTests(filters, options);
    });
  return withExamples(declared, [
    ['test', 'everything'],
    ['test --unit', 'what needs no server: a few seconds'],
    ['test engine/', 'the tests of one folder'],
    ['test --no-skips', 'as in continuous integration'],
  ]);
}
