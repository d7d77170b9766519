/** A small lake of three published days, and previews of them, all in this process. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runLocally } from '../../engine/local-executor.ts';
import { intervalOfDay, runIdFor } from '../../engine/schedule.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { beginPreview, type Preview } from '../../lake/preview/preview-doc.ts';
import { newPreviewId } from '../../lake/preview/preview-id.ts';
import { nightly } from '../../pipelines/nightly.ts';
import type { Services } from '../../tasks/services.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';

export const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03'] as const;

export interface PreviewLake extends NightlyLake {
  readonly services: Services;
  /** Runs these days for a preview of their own. */
  stage(days: readonly string[], params: Readonly<Record<string, unknown>>): Promise<Preview>;
}

export async function openPreviewLake(root: string): Promise<PreviewLake> {
  const opened = await openNightlyLake(root);
  const drops = await openStore(join(opened.dir, 'drops'), { readOnly: true });
  const services: Services = {
    ...{ lake: opened.lake, drops, scratchDir: join(opened.dir, 'scratch') },
    ...{ memoryLimitBytes: 512 << 20, threads: 1 },
  };
  return {
    ...opened,
    services,
    async stage(days, params) {
      const id = newPreviewId(Date.now());
      const tables = LAKE_TABLES.map(({ name }) => name);
      const preview = await beginPreview(opened.lake, tables, { id, dagId: nightly.id, days, params });
      for (const day of days) {
        const runId = `${runIdFor('backfill', intervalOfDay(nightly.options, day))}__${id}`;
        const given = { ...params, preview: id };
        const scratchDir = join(services.scratchDir, day);
        const summary = await runLocally(nightly, { day, runId, params: given, services, scratchDir });
        if (summary.state !== 'success') {
          const cause = summary.tasks.find(({ state }) => state === 'failed')?.error;
          throw new Error(`staging ${day} ended as ${summary.state}`, { cause });
        }
      }
      return preview;
    },
    async close() {
      await drops.close();
      await opened.close();
    },
  };
}

/** Users of two merchants, some of whom stay silent for 20 minutes: what `inactivity_timeout_s` decides about. */
export function shoppersOf(day: string, seed: number, count = 16): RawRow[] {
  return Array.from({ length: count }, (_, index) => {
    const user = createHash('sha256')
      .update(`u${(index + seed) % (count + 3)}`)
      .digest('hex')
      .slice(0, 12);
    const [flyer, merchant] = [`f${index % 3}`, `m${index % 2}`];
    const at = (second: number) =>
      `${day}T${String(9 + (index % 8)).padStart(2, '0')}:${clock(second)}-04:00`;
    return [
      { timestamp: at(index), user, event: 'flyer_open', flyer, merchant },
      { timestamp: at(60 + 7 * index), user, event: 'item_open', flyer, merchant },
      // Twenty minutes later, for every second one.
      {
        timestamp: at((index % 2 === 0 ? 1_260 : 200) + 7 * index),
        user,
        event: 'item_open',
        flyer,
        merchant,
      },
      { timestamp: at(2_000 + seed), user, event: 'shopping_list_open', flyer: '', merchant: '' },
    ];
  }).flat();
}

const clock = (second: number) =>
  [Math.floor(second / 60), second % 60].map((part) => String(part).padStart(2, '0')).join(':');

/** Name, size and tag of every object that is not a preview's or a parsed drop: all that anybody else reads. */
export async function seenByOthers(lake: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, size, etag } of lake.list('')) {
    if (!/^(previews|stage)\//.test(key)) found.push(`${key} ${size} ${etag}`);
  }
  return found;
}
