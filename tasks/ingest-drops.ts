/** Ingest: raw drops become staged events, split by day and bucket; rows that are no events are put aside with the reason (R1). */
import { stagedEvents } from './assets.ts';
import { isCompared } from './compare/is-compared.ts';
import { dayParamsSchema, metricParamsOf } from './day-params.ts';
import { defineTask } from './define-task.ts';
import { ingestDay } from './ingest/ingest-day.ts';
import { PUBLISHED_TABLES } from './tables.ts';

export const ingestDrops = defineTask({
  name: 'ingest-drops',
  makes: stagedEvents,
  params: dayParamsSchema,
  async run(ctx) {
    const { known_at: knownAt } = ctx.params;
    const { inputs, refs, isUpToDate } = await ingestDay(ctx.services, {
      ...ctx,
      params: metricParamsOf(ctx.params),
      knownAtMs: knownAt === undefined ? undefined : Date.parse(knownAt),
      tables: PUBLISHED_TABLES,
    });
    const { day, drops, rowsRead, buckets } = inputs;
    ctx.log.info(`Pinned ${drops.length} drops`, { day, rowsRead, buckets });
    if (isUpToDate && !ctx.params.force && (await isCompared(ctx.services.lake, day))) {
      ctx.shortCircuit(
        `nothing to do: published from the same ${drops.length === 1 ? 'drop' : `${drops.length} drops`}, code and parameters`,
      );
    }
    return refs;
  },
});
