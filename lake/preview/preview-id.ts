/** Names of previews, and how runs that compute for one are told from runs that make what people read. */
import { randomBytes } from 'node:crypto';

/** Begins with a letter, so that nobody takes it for the id of something else: `p20181101093000-4f2a61`. */
export const PREVIEW_ID = /^p\d{14}-[0-9a-f]{6}$/;

const NAMED_IN_RUN = /__p\d{14}-[0-9a-f]{6}(\.\d+)?$/;

export function newPreviewId(nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return `p${stamp}-${randomBytes(3).toString('hex')}`;
}

/** A run whose id ends with that of a preview is about no partition that anybody reads. */
export const isPreviewRun = (runId: string): boolean => NAMED_IN_RUN.test(runId);
