/** Runs inside Vitest and sends each test's result to the process that started it. */
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

export type VitestMessage =
  | { readonly type: 'file-started' | 'file-ended'; readonly file: string }
  | { readonly type: 'files'; readonly count: number }
  | { readonly type: 'passed' | 'failed'; readonly name: string }
  | { readonly type: 'skipped'; readonly name: string; readonly reason: string }
  /** What failed outside of a test: an import, a hook, a rejection that nobody handled. */
  | { readonly type: 'broken'; readonly name: string };

/** Vitest makes an instance of a module's default export, hence the one default export of this project. */
export default class MessageReporter implements Reporter {
  onTestRunStart(specifications: readonly unknown[]): void {
    send({ type: 'files', count: specifications.length });
  }

  onTestModuleStart(module: TestModule): void {
    send({ type: 'file-started', file: pathOf(module) });
  }

  onTestCaseResult(test: TestCase): void {
    const name = `${pathOf(test.module)} > ${test.fullName}`;
    const result = test.result();
    if (result.state === 'passed' || result.state === 'failed') send({ type: result.state, name });
    else send({ type: 'skipped', name, reason: ('note' in result && result.note) || reasonOf(test) });
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0)
      send({ type: 'broken', name: `${pathOf(suite.module)} > ${suite.fullName}` });
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) send({ type: 'broken', name: pathOf(module) });
    send({ type: 'file-ended', file: pathOf(module) });
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    for (const _error of unhandledErrors) send({ type: 'broken', name: 'an error that no test handled' });
  }
}

function send(message: VitestMessage): void {
  process.send?.(message);
}

function pathOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}

/** `describeWith` of test/support writes the reason into the title of the suite. */
function reasonOf(test: TestCase): string {
  const [, reason] = /\[skipped: (.+?)\](?: >|$)/.exec(test.fullName) ?? [];
  return reason ?? 'no reason given';
}
