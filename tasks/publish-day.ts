/** Publish: one atomic commit per table; a reader sees the old partition or the new one, whole. */
import { commitPartition } from '../lake/commit.ts';
import { checkedDay, publishedDay } from './assets.ts';
import { checkId } from './checks/check-result.ts';
import { defineTask } from './define-task.ts';
import { readDayInputs } from './ingest/day-inputs.ts';
import { DEFINITION_VERSION } from './metric-params.ts';
import type { PublishedRef } from './refs.ts';
import { PUBLISHED_TABLES } from './tables.ts';

export const publishDay = defineTask({
  name: 'publish-day',
  reads: { checked: checkedDay },
  makes: publishedDay,
  async run({ services, runId, attempt, progress }, { checked }) {
    const { lake } = services;
    const inputs = await readDayInputs(lake, checked.inputsKey);
    const accepted = checked.warnings.filter(({ isAccepted }) => isAccepted === true).map(checkId);
    const tables: PublishedRef['tables'][number][] = [];
    for (const schema of PUBLISHED_TABLES) {
      const files = checked.tables[schema.name] ?? [];
      const token = checked.tokens[schema.name]!;
      const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
      const { outcome, version } = await commitPartition(lake, schema, {
        day: checked.day,
        token,
        files,
        manifest: {
          table: schema.name,
          day: checked.day,
          token,
          definitionVersion: DEFINITION_VERSION,
          inputsHash: inputs.inputsHash,
          inputsKey: checked.inputsKey,
          inputFingerprint: checked.inputFingerprint,
          codeVersion: inputs.codeVersion,
          params: inputs.params,
          inputs: inputs.drops.map(({ key, etag, size }) => ({ key, etag, size })),
          createdAt: new Date().toISOString(),
          asOfMs: inputs.asOfMs,
          status: inputs.status,
          rowCount,
          files,
          runId,
          attempt,
          stats: checked.stats,
          ...(accepted.length === 0 ? {} : { reason: `published in spite of ${accepted.join(', ')}` }),
        },
      });
      tables.push({
        table: schema.name,
        version,
        rowCount,
        size: files.reduce((sum, file) => sum + file.size, 0),
        outcome,
      });
      progress(tables.length, PUBLISHED_TABLES.length, schema.name);
    }
    return { day: checked.day, tables };
  },
});
