/** Check: a day's tables must agree with its drops, with each other and with earlier days before anything is published. */
import { FlyerlineError } from '../infra/errors.ts';
import { openDuck } from '../lake/duckdb.ts';
import { checkedDay, dayTables } from './assets.ts';
import { type CheckResult, checkId, type DayChecks } from './checks/check-result.ts';
import { checkTables } from './checks/check-tables.ts';
import { dayParamsSchema } from './day-params.ts';
import { dayStats } from './day-stats.ts';
import { defineTask } from './define-task.ts';
import { readDayInputs } from './ingest/day-inputs.ts';

export const checkDay = defineTask({
  name: 'check-day',
  reads: { tables: dayTables },
  makes: checkedDay,
  async run({ services, params: given, scratchDir, log, runId, attempt }, { tables }) {
    const params = dayParamsSchema.parse(given);
    const inputs = await readDayInputs(services.lake, tables.inputsKey);
    const duck = await openDuck({ ...services, tempDir: scratchDir });
    try {
      const options = { inputs, tables, params, runId, attempt, scratchDir };
      const [found, stats] = await Promise.all([
        checkTables(duck, services.lake, options),
        duck.connect().then((other) => dayStats(other, services.lake, tables, scratchDir)),
      ]);
      for (const result of found.results) {
        const line = `${result.status}: ${checkId(result)}: ${result.detail}`;
        if (result.status === 'passed') log.debug(line);
        else log.warn(line, { expected: result.expected });
      }
      // A preview is looked at all the same; it is not published.
      if (params.preview === undefined) refuseBlocked(found);
      return {
        ...tables,
        warnings: found.results.filter(({ status }) => status === 'warned'),
        stats,
      };
    } finally {
      await duck.close();
    }
  },
});

/** Too many rejected rows has a code of its own: its remedy is to talk to a producer, not to look for a bug. */
function refuseBlocked({ day, results }: DayChecks): void {
  const blocked = results.filter(({ status }) => status === 'blocked');
  if (blocked.length === 0) return;
  const onlyRejects = blocked.every((result) => checkId(result) === 'rejected_events.rejected_share');
  throw new FlyerlineError(onlyRejects ? 'FL_REJECTS_ABOVE_LIMIT' : 'FL_CHECK_FAILED', {
    subject: `Day ${day}`,
    reason: `is not published: ${blocked.map(told).join('; ')}`,
    remedy: onlyRejects
      ? 'look at the rejected rows, mend the drop, or raise rejected_share_max for this run'
      : `what was published before stays readable; look at "checks show ${day}", mend the cause, or publish it all the same with --param accept_checks=${blocked.map(checkId).join()}`,
    retryable: false,
  });
}

const told = (result: CheckResult): string => `${checkId(result)}: ${result.detail}`;
