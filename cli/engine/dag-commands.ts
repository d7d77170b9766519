/** `dags list`, `dags pause`, `dags resume`: the DAGs that schedulers know. */
import { type DagRow, dagStore } from '../../engine/dag-store.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { dags } from '../../pipelines/index.ts';
import type { CommonOptions } from '../common-options.ts';
import { style, table } from '../terminal.ts';
import { withEngine } from './with-engine.ts';

export async function listDags(options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const rows = await dagStore(engine).list();
    process.stdout.write(json ? `${JSON.stringify({ dags: rows })}\n` : `${dagsTable(rows)}\n`);
  });
}

export async function pauseDag(dagId: string, paused: boolean, options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const store = dagStore(engine);
    if ((await store.get(dagId)) === undefined) throw dagUnknown(dagId);
    await store.pause(dagId, paused);
    if (json) process.stdout.write(`${JSON.stringify({ dagId, paused })}\n`);
    else process.stdout.write(`${style.green('✓')} ${dagId} ${paused ? 'is paused' : 'goes on'}\n`);
  });
}

function dagsTable(rows: readonly DagRow[]): string {
  if (rows.length === 0) return 'No scheduler has registered a DAG yet.';
  return table(rows, [
    { header: 'DAG', value: ({ dagId }) => dagId },
    { header: 'Schedule', value: ({ schedule }) => schedule ?? 'by hand' },
    { header: 'Time zone', value: ({ timezone }) => timezone },
    { header: 'Tasks', value: ({ taskCount }) => taskCount, align: 'right' },
    { header: 'Made until', value: ({ coveredUntilMs }) => untilText(coveredUntilMs) },
    { header: '', value: ({ paused }) => (paused ? style.yellow('paused') : ' ') },
    { header: 'Description', value: ({ description }) => description, widthMax: 60 },
  ]);
}

function untilText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function dagUnknown(dagId: string): FlyerlineError {
  return new FlyerlineError('FL_DAG_UNKNOWN', {
    subject: `DAG "${dagId}"`,
    reason: 'is not registered',
    remedy: `choose one of: ${dags.map(({ id }) => id).join(', ')}`,
    retryable: false,
  });
}
