/** The tutorial's commands run as printed, in order, and print what the tutorial says. */
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { findPython } from '../../cli/test/python.ts';
import { openDuck } from '../../lake/duckdb.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

interface Step {
  readonly title: string;
  readonly language: 'sh' | 'sql' | 'python';
  readonly code: string;
  /** Lines that the tutorial shows below it; none when it shows nothing. */
  readonly shown: readonly string[];
}

const run = promisify(execFile);
const python = await findPython();
const pandas =
  python === undefined ? { missing: 'pandas is not installed; ./flyerline test installs it' } : {};
const tutorial = readFileSync(join(PROJECT_ROOT, 'docs/tutorial/first-day.md'), 'utf8');
const steps = readSteps(tutorial);

describe('docs/tutorial/first-day.md', () => {
  it('has steps in three languages', () => {
    expect(new Set(steps.map(({ language }) => language))).toEqual(new Set(['sh', 'sql', 'python']));
  });
});

describeWith([redisInstalled, pandas], 'docs/tutorial/first-day.md, step by step', () => {
  const { path: cwd } = useTempDir();
  symlinkSync(join(PROJECT_ROOT, 'flyerline'), join(cwd, 'flyerline'));

  it.each(steps)('$title ($language)', async ({ language, code, shown }) => {
    const printed = comparable(await RUN[language](code, cwd));
    for (const line of shown) expect(printed).toContain(comparable(line)[0]);
  });
});

const RUN: Record<Step['language'], (code: string, cwd: string) => Promise<string>> = {
  async sh(code, cwd) {
    const env = { ...process.env, NO_COLOR: '1' };
    return (await run('/bin/sh', ['-e', '-c', code], { cwd, env, maxBuffer: 16 * 1024 ** 2 })).stdout;
  },
  async python(code, cwd) {
    const { stdout } = await run(python!, ['-c', endingAtOnce(code)], { cwd });
    // Medians of some hundred views, bots left out: they cannot miss the truth by much.
    expect(Number(stdout)).toBeGreaterThan(0.95);
    return stdout;
  },
  async sql(code, cwd) {
    const duck = await openDuck({
      memoryLimitBytes: 256 * 1024 ** 2,
      threads: 1,
      tempDir: join(cwd, 'duck'),
    });
    try {
      const rows = await duck.rows(code.replaceAll("'.flyerline", `'${cwd}/.flyerline`));
      expect(rows).toHaveLength(3);
      return rows.map((row) => Object.values(row as object).join(' ')).join('\n');
    } finally {
      await duck.close();
    }
  },
};

/** Lines without what differs from run to run: durations, sizes, and the blanks that line them up. */
function comparable(text: string): string[] {
  return text.split('\n').map((line) =>
    line
      .replaceAll(/\d+(\.\d+)? ?(ms|s|[KMG]iB|B)\b/g, '#')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

function readSteps(text: string): Step[] {
  const blocks = [...text.matchAll(/^## (?<title>.+)$|^```(?<language>\w+)\n(?<code>[\s\S]*?)^```$/gm)];
  let title = '';
  const found: Step[] = [];
  for (const { groups } of blocks) {
    if (groups?.title !== undefined) title = groups.title;
    const { language, code } = groups as { language?: string; code?: string };
    if (language === 'text') {
      const lines = code!.split('\n').filter((line) => line.trim() !== '' && line !== '…');
      found.push({ ...found.pop()!, shown: lines });
    } else if (language !== undefined) {
      found.push({ title, language: language as Step['language'], code: code!, shown: [] });
    }
  }
  return found;
}
