/** What a DAG's options must satisfy, each with an error that says what to write instead. */
import { Cron } from 'croner';
import { DateTime, IANAZone } from 'luxon';
import { FlyerlineError } from '../infra/errors.ts';
import type { DagOptions, Deadline } from './dag.ts';
import { deadlineName, isPartOf } from './deadline.ts';
import type { TaskNode } from './graph.ts';

const DAG_ID_FORM = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
/** A longer timer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** Later ones would be watched for runs that nobody thinks of any more. */
const DAYS_AFTER_MAX = 7;
const CLOCK_FORM = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Throws FL_DAG_INVALID for the first option that cannot work. */
export function checkDagOptions(id: string, options: DagOptions): void {
  const refuse = refuser(id);
  if (!DAG_ID_FORM.test(id)) {
    refuse('an id that cannot be used in keys and URLs', 'use at most 100 letters, digits, "-" and "_"');
  }
  const { timezone = 'UTC', schedule, startDate, endDate, deadlines = [] } = options;
  if (!IANAZone.isValidZone(timezone)) {
    refuse(`an unknown time zone "${timezone}"`, 'name an IANA zone such as "America/Toronto"');
  }
  if (schedule !== null) checkSchedule(schedule, timezone, refuse);
  for (const [name, date] of Object.entries({ startDate, endDate })) {
    if (date !== undefined && !isDate(date)) {
      refuse(`${name} "${date}", which is no date`, 'write it as YYYY-MM-DD');
    }
  }
  if (startDate !== undefined && endDate !== undefined && endDate < startDate) {
    refuse(`endDate ${endDate} before startDate ${startDate}`, 'swap startDate and endDate');
  }
  for (const deadline of deadlines) checkDeadline(deadline, refuse);
  const { activeRunsMax, activeTasksMax, runTimeoutMs } = options;
  checkPositive({ activeRunsMax, activeTasksMax, runTimeoutMs }, refuse);
  checkTimer({ runTimeoutMs: options.runTimeoutMs }, refuse);
}

/** The same for one wired task. */
export function checkTaskOptions(dagId: string, node: TaskNode): void {
  const refuse = refuser(dagId, `gives task "${node.id}" `);
  const { retry } = node;
  const activeMax = node.limits?.find(({ name }) => name !== dagId)?.max;
  checkPositive({ timeoutMs: node.timeoutMs, attemptsMax: retry.attemptsMax, activeMax }, refuse);
  checkTimer({ timeoutMs: node.timeoutMs }, refuse);
  for (const name of ['backoffMs', 'backoffMaxMs', 'lossesMax'] as const) {
    if (!(retry[name] >= 0)) refuse(`${name} ${retry[name]}`, 'use 0 or more');
  }
  if (!(retry.backoffFactor >= 1)) refuse(`backoffFactor ${retry.backoffFactor}`, 'use 1 or more');
  if (!(retry.jitter >= 0 && retry.jitter <= 1)) refuse(`jitter ${retry.jitter}`, 'use a share from 0 to 1');
  if (!Number.isSafeInteger(node.priority)) refuse(`priority ${node.priority}`, 'use a whole number');
}

/** Deadlines name tasks or groups that exist, and differ in what or when. */
export function checkDeadlineParts(
  dagId: string,
  { deadlines = [] }: DagOptions,
  nodes: readonly TaskNode[],
): void {
  const refuse = refuser(dagId);
  for (const { of } of deadlines) {
    if (of === undefined || nodes.some((node) => isPartOf(node, of))) continue;
    refuse(`a deadline of "${of}", which is no task or group of it`, 'name one, or leave "of" out for all');
  }
  const names = deadlines.map(deadlineName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) refuse(`the deadline "${twice}" twice`, 'keep one of them');
}

/** A run of no task would end as it starts, and look like one that did its work. */
export function checkNotEmpty(dagId: string, nodes: readonly TaskNode[]): void {
  if (nodes.length === 0) refuser(dagId)('no task', 'wire at least one: task(definition, { … })');
}

type Refuse = (reason: string, remedy: string) => never;

/** `prefix` is the verb all reasons follow. */
function refuser(dagId: string, prefix = 'has '): Refuse {
  return (reason, remedy) => {
    throw new FlyerlineError('FL_DAG_INVALID', {
      subject: `DAG "${dagId}"`,
      reason: prefix + reason,
      remedy,
      retryable: false,
    });
  };
}

function checkDeadline({ by, daysAfter = 0, timezone }: Deadline, refuse: Refuse): void {
  if (!CLOCK_FORM.test(by)) refuse(`deadline "${by}"`, 'write a local time such as "06:00"');
  if (!(Number.isSafeInteger(daysAfter) && daysAfter >= 0 && daysAfter <= DAYS_AFTER_MAX)) {
    refuse(`a deadline ${daysAfter} days after`, `use a whole number from 0 to ${DAYS_AFTER_MAX}`);
  }
  if (timezone !== undefined && !IANAZone.isValidZone(timezone)) {
    refuse(`a deadline in an unknown time zone "${timezone}"`, 'name an IANA zone such as "America/Toronto"');
  }
}

function checkSchedule(schedule: string, timezone: string, refuse: Refuse): void {
  let next: Date | null = null;
  try {
    next = new Cron(schedule, { timezone, paused: true }).nextRun();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    refuse(
      `schedule "${schedule}", which does not parse (${why})`,
      'write a cron line such as "15 3 * * *", or "@daily"',
    );
  }
  if (next === null) {
    refuse(`schedule "${schedule}", which never comes`, 'name a date that exists');
  }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && DateTime.fromISO(text).isValid;
}

function checkPositive(values: Readonly<Record<string, number | undefined>>, refuse: Refuse): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      refuse(`${name} ${value}`, 'use a whole number of at least 1');
    }
  }
}

function checkTimer(values: Readonly<Record<string, number | undefined>>, refuse: Refuse): void {
  for (const [name, value = 0] of Object.entries(values)) {
    if (value > TIMER_MS_MAX) refuse(`${name} ${value}`, 'use at most 24 days');
  }
}
