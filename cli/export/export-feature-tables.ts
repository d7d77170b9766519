/** `export features`: per user and day, and per view, for data scientists. */
import { exportFeatures } from '../../tasks/export-features.ts';
import { featuresSecret } from './features-secret.ts';
import { type ExportOptions, runExport } from './run-export.ts';

export function exportFeatureTables(options: ExportOptions): Promise<void> {
  return runExport(options, (store, settings, { featuresSecretFile }) =>
    exportFeatures(store, { ...settings, secret: featuresSecret(featuresSecretFile) }),
  );
}
