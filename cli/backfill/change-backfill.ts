/** `backfill pause` and `cancel`: what people do to a backfill that is going on. */
import { changeState, readPlan, readState } from '../../engine/backfill/backfill-store.ts';
import { cancelBackfillRuns, pauseBackfillRuns } from '../../engine/backfill/queue-backfill.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { withEngine } from '../engine/with-engine.ts';
import { PROGRAM } from '../help.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { style } from '../terminal.ts';
import { backfilledDag } from './plan-in-use.ts';

/** No further day begins; days that run may end. Throws FL_BACKFILL_STATE when it does not go on. */
export async function pauseBackfill(id: string, options: SourceOptions): Promise<void> {
  await withStores(options, 'write', async ({ lake }, { json }) => {
    const plan = await readPlan(lake, id);
    const { executor } = await changeState(lake, id, ({ status }) => {
      if (status !== 'running') throw notRunning(id, status);
      return { status: 'paused' };
    });
    if (executor === 'queues') await withEngine(options, (engine) => pauseBackfillRuns(engine, plan));
    answer(json, { id, status: 'paused' }, `backfill ${id} is paused; what runs may end`);
  });
}

/** Ends what runs and takes back what waits. Throws FL_BACKFILL_STATE when it has ended. */
export async function cancelBackfill(id: string, options: SourceOptions): Promise<void> {
  await withStores(options, 'write', async ({ lake }, { json }) => {
    const [plan, before] = await Promise.all([readPlan(lake, id), readState(lake, id)]);
    // First the word, then the deed: whoever is still handing runs over reads it and stops.
    const { executor, generation } = await changeState(lake, id, ({ status }) => {
      if (status === 'done') throw notRunning(id, status);
      return { status: 'cancelled' };
    });
    const cancelled =
      executor === 'queues'
        ? await withEngine(options, (engine) =>
            cancelBackfillRuns(
              engine,
              { plan, dag: backfilledDag(plan.dagId), generation },
              'The backfill was cancelled.',
            ),
          )
        : 0;
    const what =
      before.executor === 'queues' ? `, ${cancelled} ${cancelled === 1 ? 'run' : 'runs'} taken back` : '';
    answer(json, { id, status: 'cancelled', cancelledRuns: cancelled }, `backfill ${id} is cancelled${what}`);
  });
}

function answer(json: boolean, said: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(said)}\n` : `${style.green('✓')} ${text}\n`);
}

function notRunning(id: string, status: string): FlyerlineError {
  return new FlyerlineError('FL_BACKFILL_STATE', {
    subject: `Backfill ${id}`,
    reason: `does not go on: it is ${status}`,
    remedy: `see ${PROGRAM} backfill show ${id}`,
    retryable: false,
  });
}
