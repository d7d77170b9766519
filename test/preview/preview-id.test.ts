/** Runs that compute for a preview are told from others by their ids: they make no partition running or failed. */
import { describe, expect, it } from 'vitest';
import { backfillRunId } from '../../engine/backfill/backfill-run-id.ts';
import { isPreviewRun, newPreviewId, PREVIEW_ID } from '../../lake/preview/preview-id.ts';
import { nightly } from '../../pipelines/nightly.ts';

describe('the id of a preview', () => {
  const id = newPreviewId(Date.UTC(2018, 10, 1, 9, 30));

  it('begins with the time', () => {
    expect(id).toMatch(PREVIEW_ID);
    expect(id.slice(0, 15)).toBe('p20181101093000');
  });

  it('tells its runs from those of other backfills, each time it is begun', () => {
    expect(isPreviewRun(backfillRunId(nightly, '2018-10-01', id, 1))).toBe(true);
    expect(isPreviewRun(backfillRunId(nightly, '2018-10-01', id, 12))).toBe(true);
    expect(isPreviewRun(backfillRunId(nightly, '2018-10-01', id.slice(1), 2))).toBe(false);
    expect(isPreviewRun('scheduled__2018-10-01T00:00:00-04:00')).toBe(false);
  });
});
