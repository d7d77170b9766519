/** `partitions`: the state of every partition as a calendar, with the reasons of those that are not fresh. */
import type { Assessment } from '../../engine/partition-state.ts';
import { type PartitionsRead, readPartitions } from '../../tasks/partitions/read-partitions.ts';
import { PROGRAM } from '../help.ts';
import { findTable } from '../lake/open-lake.ts';
import { formatCount, style } from '../terminal.ts';
import { calendarText } from './calendar-text.ts';
import { metricParamsInUse, runFacts, type SourceOptions, withStores } from './partition-sources.ts';

export interface CalendarOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly table?: string;
}

/** A calendar of years has its reasons in --json. */
const REASONS_SHOWN_MAX = 12;

export async function showCalendar(options: CalendarOptions): Promise<void> {
  const { from, to } = options;
  const assets = options.table === undefined ? undefined : [findTable(options.table).name];
  await withStores(options, 'read', async (stores, { config, json }) => {
    const runs = await runFacts(config, { from, to });
    const params = metricParamsInUse(config);
    const read = await readPartitions(stores, { from, to, assets, params, nowMs: Date.now(), runs });
    if (json) process.stdout.write(`${JSON.stringify(jsonOf(read, runs !== undefined))}\n`);
    else
      process.stdout.write(
        `${read === undefined ? 'There is neither a drop nor a version yet.' : textOf(read, runs !== undefined)}\n`,
      );
  });
}

function jsonOf(read: PartitionsRead | undefined, runsKnown: boolean) {
  const { from = null, to = null, assessments = [], drops } = read ?? {};
  const unread = [...(drops?.unreadOfDay.values() ?? []), drops?.unreadElsewhere ?? []].flat();
  return { from, to, runsKnown, partitions: assessments, unreadDrops: unread };
}

function textOf({ assessments, drops }: PartitionsRead, runsKnown: boolean): string {
  const parts = [calendarText(assessments)];
  const reasons = reasonLines(assessments);
  if (reasons.length > 0) parts.push(reasons.join('\n'));
  if (drops.unreadElsewhere.length > 0) {
    const count = formatCount(drops.unreadElsewhere.length);
    parts.push(`${count} drops that name no day wait to be read by the next run.`);
  }
  if (!runsKnown) parts.push(style.dim('No Redis answers: what runs, and what failed there, is not known.'));
  const hint = repairHint(assessments);
  if (hint !== undefined) parts.push(hint);
  return parts.join('\n\n');
}

/** A line per day and reason: the tables of a day mostly share it. */
function reasonLines(assessments: readonly Assessment[]): string[] {
  const notable = assessments.filter(({ state }) => !['fresh', 'missing'].includes(state));
  const groups = [...Map.groupBy(notable, ({ day, state, reason }) => `${day} ${state} ${reason}`).values()];
  const assetCount = new Set(assessments.map(({ asset }) => asset)).size;
  const lines = groups.slice(-REASONS_SHOWN_MAX).map((group) => {
    const { day, state, reason } = group[0]!;
    const which =
      group.length === assetCount ? '' : ` ${style.dim(`(${group.map(({ asset }) => asset).join(', ')})`)}`;
    return `${style.bold(day)}  ${state}: ${reason}${which}`;
  });
  const hidden = groups.length - lines.length;
  return hidden > 0 ? [style.dim(`${formatCount(hidden)} earlier reasons: --json has all`), ...lines] : lines;
}

/** The one command that makes right what is not. */
function repairHint(assessments: readonly Assessment[]): string | undefined {
  const days = assessments
    .filter(({ state, reason }) => isRepairable(state) && reason !== NO_ROWS)
    .map(({ day }) => day);
  if (days.length === 0) return undefined;
  const range = `--from ${days[0]} --to ${days.at(-1)}`;
  return `${style.dim('To make them fresh:')} ${PROGRAM} backfill plan nightly ${range}`;
}

const NO_ROWS = 'no drop holds a row of it';
const isRepairable = (state: string): boolean => !['fresh', 'running', 'pinned'].includes(state);
