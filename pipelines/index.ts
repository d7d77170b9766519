/** The registry: every DAG that schedulers, workers and commands know. */
import { nightly } from './nightly.ts';
import { nightlyFused } from './nightly-fused.ts';
import { repairExports } from './repair-exports.ts';
import { seedCompat } from './seed-compat.ts';

export const dags = [nightly, nightlyFused, repairExports, seedCompat] as const;
