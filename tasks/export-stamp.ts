/** What an exported file says of itself (R17). */
import type { Stamp } from '../lake/current.ts';
import type { Manifest } from '../lake/manifest.ts';

/**
 * In the footer of a Parquet file, and beside a CSV file. Nothing of it changes from run to run: equal events make equal files.
 */
export function exportStamp({ definitionVersion, params, asOfMs }: Manifest): Stamp {
  return {
    definition_version: definitionVersion,
    metric_params: JSON.stringify(params),
    ...(asOfMs !== null && { as_of: new Date(asOfMs).toISOString() }),
  };
}
