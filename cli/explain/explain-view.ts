/** `explain view`: a user's day as a timeline of events and rules. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuck } from '../../lake/duckdb.ts';
import { explainUserDay } from '../../tasks/explain/explain-user-day.ts';
import { requireDay } from '../../tasks/range/day-range.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { describeExplanation } from './describe-explanation.ts';

export interface ExplainViewOptions extends LakeOptions {
  readonly user: string;
  readonly date: string;
}

export async function explainView(options: ExplainViewOptions): Promise<void> {
  requireDay(options.date);
  await withLake(options, 'read', async (store, { config, json }) => {
    await mkdir(config.scratchDir, { recursive: true });
    const scratchDir = await mkdtemp(join(config.scratchDir, 'explain-'));
    const duck = await openDuck({ ...config, tempDir: scratchDir });
    try {
      const explained = await explainUserDay(duck, store, options.user, options.date, scratchDir);
      process.stdout.write(json ? `${JSON.stringify(explained)}\n` : `${describeExplanation(explained)}\n`);
    } finally {
      await duck.close();
      await rm(scratchDir, { recursive: true, force: true });
    }
  });
}
