/** What a peer is asked to do, and what it answers: one JSON argument, one JSON line. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { INPUT_FORMATS } from '../formats.ts';

/** The rules' parameters that peers know; all with the defaults of the metric. */
const rulesSchema = z.object({
  inactivity_timeout_s: z.number().default(1800),
  max_view_s: z.number().default(7200),
  bounce_s: z.number().default(10),
  suspect_events_per_day: z.int().default(500),
  suspect_events_per_minute: z.int().default(60),
  k_min_users: z.int().default(11),
});

const jobSchema = z.object({
  /** Folder of drops, all of one format. */
  drops: z.string(),
  format: z.enum(INPUT_FORMATS),
  /** Local day that is computed, `YYYY-MM-DD`. */
  day: z.iso.date(),
  /** Results: `<out>/<table>/*.{parquet,csv}`. */
  out: z.string(),
  /** For what is only needed on the way; empty, and removed by the caller. */
  scratch: z.string(),
  threads: z.int().min(1),
  rules: rulesSchema.prefault({}),
});

export type PeerJob = z.output<typeof jobSchema>;
export type PeerJobInput = z.input<typeof jobSchema>;

/** The last line a peer prints. */
export interface PeerReport {
  /** Wall time by stage, ms, in the order of the work. */
  readonly stages: Readonly<Record<string, number>>;
}

/** The job of this process. */
export function readJob(): PeerJob {
  return jobSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
}

/** Completed with defaults, for a process that cannot do that itself. */
export function completeJob(job: PeerJobInput): PeerJob {
  return jobSchema.parse(job);
}

export function printReport(report: PeerReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

export function dropPaths({ drops, format }: Pick<PeerJob, 'drops' | 'format'>): string[] {
  return readdirSync(drops, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(`.${format}`))
    .sort()
    .map((path) => join(drops, path));
}
