/** Stages some drops as a process does that does not see the others. */
import { join } from 'node:path';
import { silentLogger } from '../../infra/log.ts';
import { stagingVersion } from '../../tasks/code-version.ts';
import { listDrops } from '../../tasks/ingest/read/drops.ts';
import { openLanes } from '../../tasks/ingest/stage/lanes.ts';
import { stageBatch } from '../../tasks/ingest/stage/stage-batch.ts';
import type { DropZone } from './drop-zone.ts';

export async function stageAlone(
  { drops, lake, dropsDir }: DropZone,
  keys: readonly string[],
): Promise<void> {
  const params = { report_tz: 'event', max_future_s: 300 };
  const identity = { dropsUrl: drops.url, stagingVersion: await stagingVersion(), params };
  const { signal } = new AbortController();
  const scratchDir = join(dropsDir, '..', 'alone');
  const lanes = openLanes({ memoryLimitBytes: 256 << 20, threads: 1, scratchDir, params, signal });
  try {
    const listed = (await listDrops(drops, identity)).filter(({ key }) => keys.includes(key));
    const context = {
      lake,
      drops,
      lanes,
      identity,
      chunkBytes: 1 << 20,
      signal,
      log: silentLogger,
      onDropRead: () => {},
    };
    await stageBatch(context, { drops: listed, dayRows: 0 }, join(scratchDir, 'batch'));
  } finally {
    await lanes.close();
  }
}
