/** What an exported file says of itself (R17). */
import type { Stamp } from '../lake/current.ts';
import type { Manifest } from '../lake/manifest.ts';

/**
 * In the footer of a Parquet file, and beside a CSV file. Nothing of it changes from run to run: equal events make equal files.
 */
export function exportStamp(manifest: Manifest): Stamp {
  const { definitionVersion, params, inputFingerprint, asOfMs, status } = manifest;
  return {
    definition_version: definitionVersion,
    metric_params: JSON.stringify(params),
    ...(inputFingerprint !== undefined && { input_fingerprint: inputFingerprint }),
    ...(asOfMs !== null && { as_of: new Date(asOfMs).toISOString() }),
    ...(status !== undefined && { status }),
  };
}
