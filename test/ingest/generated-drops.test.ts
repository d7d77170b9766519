/** Drops of every kind with dirt of every kind, against what their generator knows of them. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../lake/open-store.ts';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import type { RejectReason } from '../../tasks/staged-schema.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { type DropZone, openDropZone } from './drop-zone.ts';

const temp = useTempDir();
let truth: Truth;
let zone: DropZone;
beforeAll(async () => {
  truth = await generateDrops({ out: join(temp.path, 'generated'), days: 2, users: 400, seed: 11 });
  const drops = await openStore(join(temp.path, 'generated', 'drops'), { readOnly: true });
  zone = await openDropZone(temp.path, { drops, lake: await openStore(join(temp.path, 'lake')) });
});
afterAll(() => zone?.close());

describe('generated drops', () => {
  it('come out row for row: every row is an event or is rejected for its true reason', async () => {
    expect(truth.days.length).toBeGreaterThanOrEqual(2);
    for (const day of truth.days) {
      const { inputs } = await zone.ingest(day.day);
      const reasons: Partial<Record<RejectReason, number>> = {};
      for (const { reason } of await zone.rejects(inputs)) {
        reasons[reason as RejectReason] = (reasons[reason as RejectReason] ?? 0) + 1;
      }
      const expected = {
        bad_row: day.rows_quarantined_bad_row,
        no_user: day.rows_quarantined_no_user,
        unknown_event: day.rows_quarantined_unknown_event,
        skew_future: day.rows_quarantined_skew_future,
      };
      expect(reasons, day.day).toEqual(
        Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0)),
      );
      expect(inputs.rowsRead, day.day).toBe(day.rows_read);

      const events = await zone.events(inputs);
      const byCode = new Array<number>(7).fill(0);
      for (const { event } of events) byCode[event]! += 1;
      expect(byCode, day.day).toEqual(Object.values(day.events));
    }
  });
});
