/** A backfill in this process, with progress; without Redis. */
import { runBackfillLocally } from '../../engine/backfill/local-backfill.ts';
import { closeServices, createServices } from '../../pipelines/services.ts';
import { EXIT } from '../exit-code.ts';
import { interruptSignal } from '../interrupt.ts';
import { ProgressDisplay } from '../terminal.ts';
import type { Beginning } from './apply-backfill.ts';
import { endText } from './backfill-text.ts';

export async function applyLocally({ stores, context, dag, plan, state, days }: Beginning): Promise<void> {
  const { config, json } = context;
  const services = await createServices(config);
  const signal = interruptSignal();
  const display = new ProgressDisplay();
  const total = days.length;
  let [done, failed] = [0, 0];
  display.update('days', { label: `backfill ${plan.id}`, state: 'running', done, total });
  try {
    const end = await runBackfillLocally({
      lake: stores.lake,
      ...{ plan, dag, services, days, state, signal },
      scratchDir: config.scratchDir,
      onDay: ({ day, state: ended, note }) => {
        done += 1;
        if (ended === 'failed') {
          failed += 1;
          display.log(`✗ ${day}: ${note ?? 'failed'}`);
        }
        display.update('days', { done, note: `${day}${failed > 0 ? `, ${failed} failed` : ''}` });
      },
    });
    display.update('days', { state: end.status === 'done' ? 'done' : 'failed', note: end.status });
    display.stop();
    process.stdout.write(
      json
        ? `${JSON.stringify({ id: plan.id, status: end.status, done: done - failed, failed, total })}\n`
        : `${endText(plan.id, end.status, { done: done - failed, failed, total })}\n`,
    );
    process.exitCode = signal.aborted ? EXIT.interrupted : end.status === 'done' ? EXIT.ok : EXIT.failed;
  } finally {
    display.stop();
    await closeServices(services);
  }
}
