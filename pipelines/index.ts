/** The registry: every DAG that schedulers, workers and commands know. */
import { nightly } from './nightly.ts';
import { seedCompat } from './seed-compat.ts';

export const dags = [nightly, seedCompat] as const;
