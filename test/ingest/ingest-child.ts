/** A process that stages a day's drops and stops before the batch counts: `ingest-child.ts <drops> <lake> <day> <scratch directory>`. */
import { silentLogger } from '../../infra/log.ts';
import { openStore } from '../../lake/open-store.ts';
import { ingestDay } from '../../tasks/ingest/ingest-day.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { changedStore } from './changed-store.ts';

// Listening keeps the process alive until it is killed, or its parent is gone.
process.on('message', () => {});
process.on('disconnect', () => process.exit(1));

const [dropsUrl, lakeUrl, day, scratchDir] = process.argv.slice(2) as [string, string, string, string];
const drops = await openStore(dropsUrl, { readOnly: true });
const lake = await openStore(lakeUrl);
const stopping = changedStore(lake, {
  put(key, body, condition) {
    if (!key.startsWith('stage/batches/')) return lake.put(key, body, condition);
    process.send!('staged');
    return new Promise(() => {});
  },
});
await ingestDay(
  { drops, lake: stopping, scratchDir, memoryLimitBytes: 64 << 20, threads: 2 },
  {
    day,
    params: metricParamsSchema.parse({}),
    tables: [],
    scratchDir,
    signal: new AbortController().signal,
    log: silentLogger,
    progress: () => {},
  },
);
