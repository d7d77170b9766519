/** Nightly, fused: many days in one run, each made in one attempt. For backfills of small days. */
import { fusedDag } from '../engine/backfill/fused-dag.ts';
import { nightly } from './nightly.ts';

export const nightlyFused = fusedDag(nightly);
