/** The registry: every DAG that schedulers, workers and commands know. */
import { nightly } from './nightly.ts';

export const dags = [nightly] as const;
