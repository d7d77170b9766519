/** Reads drops that nobody has read, as the next run would: only then it is known which days they are of. */
import type { Logger } from '../../infra/log.ts';
import { ingestDay } from '../ingest/ingest-day.ts';
import type { MetricParams } from '../metric-params.ts';
import type { Services } from '../services.ts';

export interface ReadNewDropsOptions {
  readonly params: MetricParams;
  /** Drops that name this day go first. */
  readonly day: string;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly progress: (done: number, total: number, note?: string) => void;
}

/** Claims nothing and publishes nothing: what is staged is there for whoever runs a day next. */
export async function readNewDrops(services: Services, options: ReadNewDropsOptions): Promise<void> {
  await ingestDay(services, { ...options, tables: [] });
}
