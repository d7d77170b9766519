/** Every source file says its idea in its first line, and stays small. */
import { describe, expect, it } from 'vitest';
import { projectFiles, type SourceFile } from '../support/source-files.ts';

const LINES_MAX = 400;

const OPENING: Readonly<Record<string, RegExp>> = {
  // On the first line, or on the second when the comment has several.
  '.ts': /^(?:#!.*\n)?\/\*\*(?:\n \*)? \S.{15,}/,
  '.sql': /^-- \S.{15,}/,
  '.lua': /^--(?:\[\[\n?)?\s*\S.{15,}/,
};

describe.each(Object.entries(OPENING))('source files %s', (extension, opening) => {
  const files = projectFiles(extension);

  it('begin with a comment that says what the file is about', () => {
    expect(pathsOf(files.filter(({ text }) => !opening.test(text)))).toEqual([]);
  });

  it(`hold one idea: at most ${LINES_MAX} lines`, () => {
    expect(pathsOf(files.filter(({ text }) => text.split('\n').length > LINES_MAX))).toEqual([]);
  });
});

function pathsOf(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path);
}
