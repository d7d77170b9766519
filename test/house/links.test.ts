/** Every relative link of the documentation leads somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { projectFiles } from '../support/source-files.ts';

const links = projectFiles('.md').flatMap(({ path, text }) =>
  targetsOf(text).map((target) => ({ path, target })),
);

it('relative links in Markdown lead to files and headings that exist', () => {
  expect(links.filter(({ path, target }) => !leadsSomewhere(path, target))).toEqual([]);
});

/** Of links and images, and of `src`/`href` in embedded HTML; code is no text. */
function targetsOf(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const pattern = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|(?:src|href|srcset)="([^"]+)"/g;
  return [...prose.matchAll(pattern)]
    .map(([, inline, attribute]) => inline ?? attribute!)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file, anchor] = decodeURIComponent(target).split('#') as [string, string?];
  const path = join(PROJECT_ROOT, file === '' ? from : join(dirname(from), file));
  if (!existsSync(path)) return false;
  return (
    anchor === undefined || !path.endsWith('.md') || anchorsOf(readFileSync(path, 'utf8')).includes(anchor)
  );
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+\s+(.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
