/** Imports go one way: infra → lake → engine → tasks → pipelines → workers → cli (docs/internals/architecture.md). */
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles } from '../support/source-files.ts';

const LAYERS = ['infra', 'lake', 'engine', 'tasks', 'pipelines', 'workers', 'cli'];
/** May import everything; nothing of the layers imports them. */
const OUTSIDE = ['test', 'bench', 'examples'];

describe('import direction', () => {
  const imports = projectFiles('.ts').flatMap(({ path, text }) =>
    importsOf(text).map((specifier) => ({ path, target: normalize(join(dirname(path), specifier)) })),
  );

  it('finds imports at all', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it('is kept: a file imports its own folder or one to its left', () => {
    const wrong = imports.filter(({ path, target }) => {
      const from = LAYERS.indexOf(folderOf(path));
      const to = LAYERS.indexOf(folderOf(target));
      if (from < 0) return false;
      return OUTSIDE.includes(folderOf(target)) || to > from;
    });
    expect(wrong.map(({ path, target }) => `${path} imports ${target}`)).toEqual([]);
  });

  it('knows every top folder that holds source files', () => {
    const folders = new Set(
      projectFiles('.ts').flatMap(({ path }) => (path.includes('/') ? [folderOf(path)] : [])),
    );
    expect([...folders].filter((folder) => ![...LAYERS, ...OUTSIDE].includes(folder))).toEqual([]);
  });
});

/** Relative specifiers of static, re-exporting, dynamic and type-only imports. */
function importsOf(text: string): string[] {
  const pattern = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map(([, specifier]) => specifier!);
}

function folderOf(path: string): string {
  return path.split('/')[0]!;
}
