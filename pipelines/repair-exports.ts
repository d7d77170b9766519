/** Repair exports: every hour, what publishers that died left behind in `current/` is brought to the head of its table. */
import { dag } from '../engine/dag.ts';
import { repairParamsSchema, repairStaleExports } from '../tasks/repair-exports.ts';

export const repairExports = dag(
  'repair-exports',
  {
    description: 'Brings exports whose publisher died to the head of their tables.',
    schedule: '40 * * * *',
    timezone: 'UTC',
    // What was missed while no scheduler ran is found by the next run.
    catchup: false,
    activeRunsMax: 1,
    params: repairParamsSchema,
  },
  (task) => {
    task(repairStaleExports, {});
  },
);
