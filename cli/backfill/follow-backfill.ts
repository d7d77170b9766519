/** A backfill by workers as one live line, until it ends or somebody stops looking. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BackfillProgress, progressOf } from '../../engine/backfill/backfill-progress.ts';
import { changeState, readState } from '../../engine/backfill/backfill-store.ts';
import { type BackfillLane, backfillRuns, forgetBackfillLane } from '../../engine/backfill/queue-backfill.ts';
import type { RedisEngine } from '../../engine/redis-engine.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { EXIT } from '../exit-code.ts';
import { interruptSignal } from '../interrupt.ts';
import { formatDuration, ProgressDisplay } from '../terminal.ts';
import { endText } from './backfill-text.ts';

const LOOK_MS = 1_000;

/** Ctrl-C ends the looking, not the backfill. */
export async function followBackfill(
  engine: RedisEngine,
  lake: ObjectStore,
  lane: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
  json: boolean,
): Promise<void> {
  const signal = interruptSignal();
  const display = new ProgressDisplay();
  const { id } = lane.plan;
  let progress = await lookAtBackfill(engine, lake, lane);
  try {
    while (!signal.aborted && progress.status === 'running') {
      const { done, failed, total, etaMs } = progress;
      const eta = etaMs === null ? '' : `about ${formatDuration(etaMs)} left`;
      const note = [failed > 0 ? `${failed} failed` : '', eta].filter(Boolean).join(', ');
      display.update(id, { label: `backfill ${id}`, state: 'running', done: done + failed, total, note });
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
      progress = await lookAtBackfill(engine, lake, lane);
    }
  } finally {
    display.stop();
  }
  process.stdout.write(
    json ? `${JSON.stringify({ id, ...progress })}\n` : `${endText(id, progress.status, progress)}\n`,
  );
  process.exitCode = signal.aborted ? EXIT.interrupted : progress.status === 'done' ? EXIT.ok : EXIT.failed;
}

/** Writes down that it has ended when it has. */
export async function lookAtBackfill(
  engine: RedisEngine,
  lake: ObjectStore,
  lane: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
): Promise<BackfillProgress> {
  const { plan } = lane;
  const state = await readState(lake, plan.id);
  const runs = await backfillRuns(engine, { ...lane, generation: state.generation });
  const progress = progressOf({ plan, state, runs, nowMs: Date.now() });
  if (progress.status !== state.status) {
    await changeState(lake, plan.id, (now) =>
      now.status === state.status && now.generation === state.generation ? { status: progress.status } : {},
    );
    if (progress.status === 'done') await forgetBackfillLane(engine, plan.id);
  }
  return progress;
}
