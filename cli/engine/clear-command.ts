/** `clear`: runs tasks again, of one run or of the runs of a range of days. */
import { type ClearedRun, clearRuns } from '../../engine/clear-runs.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import type { CommonOptions } from '../common-options.ts';
import { formatCount, style } from '../terminal.ts';
import { stateText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface ClearOptions extends CommonOptions {
  readonly task: readonly string[];
  readonly mapIndex: readonly number[];
  readonly downstream: boolean;
  readonly upstream: boolean;
  readonly failed: boolean;
  readonly yes: boolean;
}

export interface ClearCommandOptions extends ClearOptions {
  readonly from?: string;
  readonly to?: string;
}

/** Says what would be cleared; does it with --yes. */
export async function clearCommand(
  dagId: string,
  runId: string | undefined,
  options: ClearCommandOptions,
): Promise<void> {
  const { task, mapIndex, downstream, upstream, failed, yes } = options;
  const runs = runsOf(runId, options);
  if (mapIndex.length > 0 && task.length !== 1) throw usage('--map-index needs one --task');
  await withEngine(options, async (engine, { json }) => {
    const cleared = await clearRuns(engine, {
      dagId,
      runs,
      downstream,
      upstream,
      onlyFailed: failed,
      dryRun: !yes,
      ...(task.length === 0 ? {} : { taskIds: task }),
      ...(mapIndex.length === 0 ? {} : { mapIndices: mapIndex }),
    });
    if (json) process.stdout.write(`${JSON.stringify({ dagId, cleared: yes, runs: cleared })}\n`);
    else process.stdout.write(`${answer(cleared, yes)}\n`);
  });
}

function runsOf(runId: string | undefined, { from, to }: ClearCommandOptions) {
  if (runId !== undefined && from === undefined && to === undefined) return { runId };
  if (runId === undefined && from !== undefined) return { from, to: to ?? from };
  throw usage('it needs either a run id or --from, with --to for more than one day');
}

function usage(reason: string): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: 'The command line',
    reason: `is wrong: ${reason}`,
    remedy: 'see ./flyerline clear --help',
    retryable: false,
  });
}

function answer(cleared: readonly ClearedRun[], done: boolean): string {
  if (cleared.length === 0) return 'There is nothing to clear.';
  const lines = cleared.flatMap(({ runId, instances, state }) => [
    done ? `${style.green('✓')} ${runId} is cleared, and ${stateText(state)}` : runId,
    ...[...Map.groupBy(instances, ({ taskId }) => taskId)].map(([taskId, all]) => taskLine(taskId, all)),
  ]);
  return done ? lines.join('\n') : ['Would run again (say --yes to do it):', ...lines].join('\n');
}

function taskLine(taskId: string, instances: ClearedRun['instances']): string {
  const states = [...Map.groupBy(instances, ({ state }) => state)].map(([state, all]) =>
    all.length === 1 ? stateText(state) : `${formatCount(all.length)} ${stateText(state)}`,
  );
  return `  ${taskId} (${states.join(', ')})`;
}
