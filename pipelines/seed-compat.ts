/** Seed compat: the original exercise's table for a day that nightly has published. Only by hand: nobody else pays for it. */
import { dag } from '../engine/dag.ts';
import { exportCsv } from '../tasks/export-csv.ts';
import { exportParquet } from '../tasks/export-parquet.ts';
import { publishSeedCompat } from '../tasks/publish-seed-compat.ts';
import { updateCatalog } from '../tasks/update-catalog.ts';

export const seedCompat = dag(
  'seed-compat',
  {
    description: "The original exercise's formula, for comparison; see docs/internals/adr/0007.",
    schedule: null,
    timezone: 'America/Toronto',
    dataInterval: 'previous-day',
  },
  (task) => {
    const published = task(publishSeedCompat, {});
    const parquet = task(exportParquet, { published });
    const csv = task(exportCsv, { published });
    task(updateCatalog, { parquet, csv });
  },
);
