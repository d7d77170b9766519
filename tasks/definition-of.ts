/** Whether the figures of two partitions mean the same: what counts as a view, and for how long. */
import type { Manifest } from '../lake/manifest.ts';

/** Parameters that change no view and no fact of a user. */
const IMMATERIAL = ['k_min_users', 'long_gap_s', 'allowed_lateness_s'];

/** Equal for partitions that may be summed and compared. */
export function definitionOf({
  definitionVersion,
  params,
}: Pick<Manifest, 'definitionVersion' | 'params'>): string {
  const material = Object.entries(params).filter(([name]) => !IMMATERIAL.includes(name));
  return JSON.stringify([definitionVersion, material.sort(([a], [b]) => (a < b ? -1 : 1))]);
}
