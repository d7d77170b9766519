/** What a run of the day pipeline came to, as data: for `--json`, and for the summary. */
import type { RunSummary, TaskSummary } from '../../engine/local-executor.ts';
import type { Config } from '../../infra/config.ts';
import type { CheckResult } from '../../tasks/checks/check-result.ts';
import type { CheckedRef, DayTablesRef, ExportedRef, PublishedRef } from '../../tasks/refs.ts';

export interface RunReport {
  readonly dagId: string;
  readonly runId: string;
  readonly day: string;
  readonly state: RunSummary['state'];
  /**
   * `published`: at least one table has a new version. `unchanged`: computed again, the same bytes.
   * `staged`: computed aside, in a preview. `nothing to do`: inputs, code and parameters are those of the published version.
   */
  readonly outcome: 'published' | 'unchanged' | 'staged' | 'nothing to do' | 'failed';
  /** Its id, when the run computed for one. */
  readonly preview?: string;
  /** Why there was nothing to do, or what failed. */
  readonly reason?: string;
  readonly failedTask?: string;
  /** Of the catalogue in `docs/reference/errors.md`. */
  readonly code?: string;
  readonly durationMs: number;
  /** rowsRead = eventsKept + duplicates + rejected. */
  readonly rows?: {
    readonly read: number;
    readonly kept: number;
    readonly duplicate: number;
    readonly rejected: number;
  };
  /** Checks that the day does not pass, and which do not keep it from being published. */
  readonly warnings: readonly CheckResult[];
  readonly tables: PublishedRef['tables'];
  readonly files: ExportedRef['files'];
  readonly lake: string;
  readonly tasks: readonly Omit<TaskSummary, 'result'>[];
}

/** Tasks that commit tables. The first that has ended tells of all. */
const PUBLISHING = ['compare-merchants', 'publish-day', 'publish-seed-compat'];

/** @param preview that the run computed for */
export function reportOf(summary: RunSummary, { lake }: Pick<Config, 'lake'>, preview?: string): RunReport {
  const resultOf = <T>(taskId: string) =>
    summary.tasks.find((task) => task.taskId === taskId && task.state === 'success')?.result as T | undefined;
  const published = PUBLISHING.map((task) => resultOf<PublishedRef>(task)).find((ref) => ref !== undefined);
  const tables = published?.tables ?? [];
  const dq = resultOf<DayTablesRef>('build-reports')?.dq;
  // A task that cut the run short says why.
  const short = summary.tasks.find(({ note }) => note !== undefined);
  const failed = summary.tasks.find(({ state }) => state === 'failed');
  const failure = failed && {
    taskId: failed.taskId,
    code: failed.error?.code,
    message: failed.error?.message ?? failed.note,
  };
  const reason = summary.state === 'success' ? short?.note : failure?.message;
  return {
    dagId: summary.dagId,
    runId: summary.runId,
    day: summary.day,
    state: summary.state,
    outcome: outcomeOf(summary, tables, preview),
    ...(preview === undefined ? {} : { preview }),
    ...(reason === undefined ? {} : { reason }),
    ...(failure === undefined ? {} : { failedTask: failure.taskId }),
    ...(failure?.code === undefined ? {} : { code: failure.code }),
    durationMs: summary.durationMs,
    ...(dq === undefined ? {} : { rows: rowsOf(dq) }),
    warnings: resultOf<CheckedRef>('check-day')?.warnings ?? [],
    tables,
    files: ['export-parquet', 'export-csv'].flatMap((task) => resultOf<ExportedRef>(task)?.files ?? []),
    lake,
    tasks: summary.tasks.map(({ result: _, ...task }) => task),
  };
}

function outcomeOf(
  { state }: RunSummary,
  tables: PublishedRef['tables'],
  preview: string | undefined,
): RunReport['outcome'] {
  if (state !== 'success') return 'failed';
  if (tables.length === 0) return 'nothing to do';
  if (preview !== undefined) return 'staged';
  return tables.every(({ outcome }) => outcome === 'unchanged') ? 'unchanged' : 'published';
}

function rowsOf(dq: Readonly<Record<string, number>>): NonNullable<RunReport['rows']> {
  const rejected = Object.entries(dq)
    .filter(([name]) => name.startsWith('rows_quarantined_'))
    .reduce((sum, [, value]) => sum + value, 0);
  return {
    read: dq.rows_read ?? 0,
    kept: dq.events_kept ?? 0,
    duplicate: dq.rows_dropped_duplicate ?? 0,
    rejected,
  };
}
