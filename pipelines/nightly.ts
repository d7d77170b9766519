/** Nightly: yesterday's drops become dwell times, published as tables and exported for BI. */
import { dag } from '../engine/dag.ts';
import { buildReports } from '../tasks/build-reports.ts';
import { checkDay } from '../tasks/check-day.ts';
import { cleanseEvents } from '../tasks/cleanse-events.ts';
import { compareMerchants } from '../tasks/compare-merchants.ts';
import { computeDwell } from '../tasks/compute-dwell.ts';
import { dayParamsSchema } from '../tasks/day-params.ts';
import { exportCsv } from '../tasks/export-csv.ts';
import { exportParquet } from '../tasks/export-parquet.ts';
import { ingestDrops } from '../tasks/ingest-drops.ts';
import { findLateDays } from '../tasks/partitions/find-late-days.ts';
import { publishDay } from '../tasks/publish-day.ts';
import { updateCatalog } from '../tasks/update-catalog.ts';

export const nightly = dag(
  'nightly',
  {
    description: 'Dwell time per user, flyer and merchant of one local day.',
    // Not 02:15: that minute does not exist on the spring DST day. And a day's horizon ends at 02:30 of the next (R12).
    schedule: '15 3 * * *',
    timezone: 'America/Toronto',
    dataInterval: 'previous-day',
    catchup: true,
    deadlines: [{ of: 'exports', by: '06:00' }],
    params: dayParamsSchema,
  },
  (task, group) => {
    const raw = task(ingestDrops, {});
    task(findLateDays, {}, { after: [raw] });
    const clean = task(cleanseEvents, { raw });
    const dwell = task(computeDwell, { clean });
    const tables = task(buildReports, { dwell });
    const checked = task(checkDay, { tables });
    const committed = task(publishDay, { checked });
    const published = task(compareMerchants, { published: committed });
    group('exports', () => {
      const parquet = task(exportParquet, { published });
      const csv = task(exportCsv, { published });
      task(updateCatalog, { parquet, csv });
    });
  },
);
