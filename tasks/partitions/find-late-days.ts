/** Late data: finds days that drops have made stale since they were published, and asks for those within the look-back. */
import { type RunRequests, runRequests } from '../../engine/run-requests.ts';
import { daysAround } from '../compare/comparison.ts';
import { dayParamsSchema, metricParamsOf } from '../day-params.ts';
import { defineTask } from '../define-task.ts';
import type { Services } from '../services.ts';
import { NIGHTLY_ASSETS } from './partition-facts.ts';
import { readPartitions } from './read-partitions.ts';

/** Runs of a schedule look after the days before theirs; whoever runs a day by hand is told only. */
const SCHEDULED = /^scheduled__/;
/** Somebody who has looked asked for these: each of hundreds would look at all days again, and find those that come next. */
const PLANNED = /^(backfill|restate)__/;
const NONE: LateDays = { late: [], older: [], repair: null, runRequests: [] };

export interface LateDay {
  readonly day: string;
  readonly reason: string;
}

export interface LateDays extends RunRequests {
  /** Within the look-back: they are made again, by a run of each. */
  readonly late: readonly LateDay[];
  /** Before it: somebody has to decide. */
  readonly older: readonly LateDay[];
  /** Makes those right; null when there are none. */
  readonly repair: string | null;
}

export const findLateDays = defineTask({
  name: 'find-late-days',
  makes: runRequests,
  params: dayParamsSchema,
  // Ingest has read all drops by now; that it failed on one must not hide what it has read.
  triggerRule: 'all_done',
  async run({ services, params, day, runId, log }): Promise<LateDays> {
    if (PLANNED.test(runId)) return NONE;
    const found = await lateDays(services, params, day);
    const { late, older, repair } = found;
    for (const one of late) log.info(`${one.day} is stale: ${one.reason}`);
    if (repair !== null)
      log.warn(`${older.length} days before the look-back are stale; to make them again: ${repair}`);
    return SCHEDULED.test(runId) ? found : { ...found, runRequests: [] };
  },
});

/** As a run of `day` finds them: earlier days only, since later ones have runs of their own. */
export async function lateDays(
  services: Pick<Services, 'lake' | 'drops'>,
  params: Parameters<typeof metricParamsOf>[0],
  day: string,
): Promise<LateDays> {
  const read = await readPartitions(services, {
    to: daysAround(day, -1, -1)[0]!,
    assets: NIGHTLY_ASSETS,
    params: metricParamsOf(params),
    nowMs: Date.now(),
    heals: true,
  });
  const pinned = new Set(read?.assessments.filter(({ state }) => state === 'pinned').map((one) => one.day));
  const stale = new Map<string, LateDay>();
  for (const { day: of, state, reason } of read?.assessments ?? []) {
    if (state === 'stale-input' && !pinned.has(of) && !stale.has(of)) stale.set(of, { day: of, reason });
  }
  const firstDay = daysAround(day, -params.lookback_days, -params.lookback_days)[0]!;
  const late = [...stale.values()].filter((one) => one.day >= firstDay);
  const older = [...stale.values()].filter((one) => one.day < firstDay);
  return {
    late,
    older,
    repair: older.length === 0 ? null : repairCommand(older),
    runRequests: late.map((one) => ({ day: one.day, note: `late data: ${one.reason}` })),
  };
}

function repairCommand(older: readonly LateDay[]): string {
  const range = `--from ${older[0]!.day} --to ${older.at(-1)!.day}`;
  return `./flyerline backfill plan nightly ${range} --reprocess stale --apply`;
}
