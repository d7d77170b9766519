/** What `bench spark` finds. */
import { z } from 'zod';
import type { Days } from '../../test/lake/overwritten-days.ts';
import type { Environment } from '../support/environment.ts';

const days = z.record(z.string(), z.array(z.number()));

/** What `read_delta.py` prints. */
export const sparkSeen = z.object({
  version: z.number(),
  spark: z.string(),
  delta: z.string(),
  days,
  /** From the first look at the log to the counts. */
  readMs: z.number(),
  oneDay: days,
  columns: z.array(z.tuple([z.string(), z.string(), z.boolean()])),
  past: z.record(z.string(), days),
  /** Of the view that the snippet for Spark makes. */
  snippetRows: z.number(),
});
export type SparkSeen = z.infer<typeof sparkSeen>;

/** What a reader has to see of the table. */
export interface WantedTable {
  readonly version: number;
  readonly days: Days;
  readonly columns: readonly (readonly [name: string, type: string, nullable: boolean])[];
  readonly past: Readonly<Record<string, Days>>;
}

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
}

export interface SparkResult {
  readonly benchmark: 'spark';
  readonly environment: Environment;
  readonly commits: number;
  /** Why Spark could not be asked. */
  readonly unavailable?: string;
  readonly seen?: SparkSeen;
  readonly findings: readonly Finding[];
}
