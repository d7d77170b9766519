/** After a run by hand: the earlier days that late drops have made stale, made again here when that is asked for. */
import type { Dag } from '../../engine/dag.ts';
import { runLocally } from '../../engine/local-executor.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import type { Config } from '../../infra/config.ts';
import { dayParamsSchema } from '../../tasks/day-params.ts';
import { findLateDays, type LateDays, lateDays } from '../../tasks/partitions/find-late-days.ts';
import type { Services } from '../../tasks/services.ts';
import { formatCount, formatDuration, style } from '../terminal.ts';

export interface RestatedDay {
  readonly day: string;
  readonly state: RunSummary['state'];
  readonly durationMs: number;
}

export interface LateReport {
  readonly late: Pick<LateDays, 'late' | 'older' | 'repair'>;
  readonly restated: readonly RestatedDay[];
}

/** Undefined for a DAG that does not look for late days, or when its look was skipped. */
export async function restateLateDays({
  dag,
  summary,
  services,
  config,
  day,
  isAsked,
  signal,
}: {
  readonly dag: Dag;
  readonly summary: RunSummary;
  readonly services: Services;
  readonly config: Config;
  readonly day: string;
  readonly isAsked: boolean;
  readonly signal: AbortSignal;
}): Promise<LateReport | undefined> {
  if (!dag.definitions.has(findLateDays.name)) return undefined;
  const params = { ...config.dags[dag.id]?.params };
  // A run that had nothing to do has not looked.
  const found = isAsked
    ? await lateDays(services, dayParamsSchema.parse(params), day)
    : (summary.tasks.find(({ taskId }) => taskId === findLateDays.name)?.result as LateDays | undefined);
  if (found === undefined) return undefined;
  const restated: RestatedDay[] = [];
  for (const { day: stale } of isAsked ? found.late : []) {
    if (signal.aborted) break;
    const { scratchDir } = config;
    const { attemptsAtOnce: maxParallel = 1 } = services;
    const options = { day: stale, params, services, scratchDir, maxParallel, signal };
    const { state, durationMs } = await runLocally(dag, options);
    restated.push({ day: stale, state, durationMs });
  }
  const { late, older, repair } = found;
  return { late: { late, older, repair }, restated };
}

/** Empty when there is nothing to tell. */
export function lateText({ late: { late, older, repair }, restated }: LateReport): string {
  const lines: string[] = [];
  for (const { day, state, durationMs } of restated) {
    const sign = state === 'success' ? style.green('✓') : style.red('✗');
    lines.push(`${sign} ${day} made again for late data ${style.dim(`in ${formatDuration(durationMs)}`)}`);
  }
  if (late.length > 0 && restated.length === 0) {
    const days = late.map(({ day }) => day).join(', ');
    lines.push(`${style.yellow('!')} late data has made ${days} stale; --restate makes them again`);
  }
  if (repair !== null) {
    lines.push(
      `${style.yellow('!')} ${formatCount(older.length)} days before the look-back are stale: ${repair}`,
    );
  }
  return lines.join('\n');
}
