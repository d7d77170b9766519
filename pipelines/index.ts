/** The registry: every DAG that schedulers, workers and commands know. */
import { nightly } from './nightly.ts';
import { repairExports } from './repair-exports.ts';
import { seedCompat } from './seed-compat.ts';

export const dags = [nightly, repairExports, seedCompat] as const;
