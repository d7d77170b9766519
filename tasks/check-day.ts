/** Check: a day's tables must agree with its drops and with each other before anything is published. */
import { FlyerlineError } from '../infra/errors.ts';
import { openDuck } from '../lake/duckdb.ts';
import { checkedDay, dayTables } from './assets.ts';
import { checkCounts } from './check/check-counts.ts';
import type { CheckResult } from './check/check-result.ts';
import { checkTables } from './check/check-tables.ts';
import { dayParamsSchema } from './day-params.ts';
import { defineTask } from './define-task.ts';
import { readDayInputs } from './ingest/day-inputs.ts';

export const checkDay = defineTask({
  name: 'check-day',
  reads: { tables: dayTables },
  makes: checkedDay,
  async run({ services, params, scratchDir, log }, { tables }) {
    const inputs = await readDayInputs(services.lake, tables.inputsKey);
    const { rejected_share_max: rejectedShareMax } = dayParamsSchema.parse(params);
    const duck = await openDuck({ ...services, tempDir: scratchDir });
    try {
      const checks = [
        ...checkCounts(tables, inputs.rowsRead, rejectedShareMax),
        ...(await checkTables(duck, services.lake, tables, scratchDir)),
      ];
      for (const check of checks)
        log.debug(`${check.ok ? 'passed' : 'FAILED'}: ${check.name}`, { detail: check.detail });
      refuseFailed(tables.day, checks);
      return { ...tables, checks };
    } finally {
      await duck.close();
    }
  },
});

/** Too many rejected rows has a code of its own: its remedy is to talk to a producer, not to look for a bug. */
function refuseFailed(day: string, checks: readonly CheckResult[]): void {
  const failed = checks.filter((check) => !check.ok);
  if (failed.length === 0) return;
  const onlyRejects = failed.every((check) => check.name === 'rejected share');
  throw new FlyerlineError(onlyRejects ? 'FL_REJECTS_ABOVE_LIMIT' : 'FL_CHECK_FAILED', {
    subject: `Day ${day}`,
    reason: `is not published: ${failed.map((check) => `${check.name}: ${check.detail}`).join('; ')}`,
    remedy: onlyRejects
      ? 'look at the rejected rows, mend the drop, or raise rejected_share_max for this run'
      : 'the partition that was published before stays readable; look at the numbers named here first',
    retryable: false,
  });
}
