/** What a machine may not have: tests that need it are skipped, and their titles say why. */
import { describe } from 'vitest';

/** Something that is there, or the reason why it is not. */
export type Requirement = { readonly missing?: never } | { readonly missing: string };

/** `describe`, skipped with the reason in its title when something it needs is missing. */
export function describeWith(
  needs: Requirement | readonly Requirement[],
  title: string,
  body: () => void,
): void {
  const reasons = [needs].flat().flatMap(({ missing }) => (missing === undefined ? [] : [missing]));
  if (reasons.length === 0) describe(title, body);
  else describe.skip(`${title} [skipped: ${reasons.join('; ')}]`, body);
}
