/** A backfill by the workers: hands its runs over, and waits for them when asked to. */
import { changeState, readState } from '../../engine/backfill/backfill-store.ts';
import {
  admitBackfillRuns,
  cancelBackfillRuns,
  insertBackfillRuns,
  pauseBackfillRuns,
} from '../../engine/backfill/queue-backfill.ts';
import { withEngine } from '../engine/with-engine.ts';
import type { Beginning } from './apply-backfill.ts';
import { handedOverText } from './backfill-text.ts';
import { followBackfill } from './follow-backfill.ts';

/** Whoever hands runs over says so often enough. */
const ALIVE_MS = 15_000;

export async function applyByWorkers({
  stores,
  context,
  options,
  dag,
  plan,
  state,
  days,
}: Beginning): Promise<void> {
  const { generation, maxActive } = state;
  await withEngine(options, async (engine) => {
    const lane = { plan, dag, generation, maxActive };
    await admitBackfillRuns(engine, plan, maxActive);
    const mayGoOn = async () => {
      const now = await changeState(stores.lake, plan.id, ({ status }) =>
        status === 'running' ? { aliveUntilMs: Date.now() + ALIVE_MS } : {},
      );
      return now.status !== 'cancelled' && now.generation === generation;
    };
    const inserted = await insertBackfillRuns(engine, lane, days, mayGoOn);
    const { status } = await changeState(stores.lake, plan.id, () => ({ aliveUntilMs: 0 }));
    // Cancelled or paused while they were handed over: none of them may stay behind.
    if (status === 'cancelled') await cancelBackfillRuns(engine, lane, 'The backfill was cancelled.');
    if (status === 'paused') await pauseBackfillRuns(engine, plan);
    if (options.wait) return followBackfill(engine, stores.lake, lane, context.json);
    const now = await readState(stores.lake, plan.id);
    const said = {
      id: plan.id,
      status: now.status,
      handedOver: inserted,
      days: days.length,
      fused: plan.fused,
    };
    process.stdout.write(context.json ? `${JSON.stringify(said)}\n` : `${handedOverText(said)}\n`);
  });
}
