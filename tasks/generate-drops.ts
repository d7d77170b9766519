/** Seeded, realistic drops for demos, tests and benchmarks, and the truth about them. */
import { createBot } from './generate/bot.ts';
import { EventBatch } from './generate/event-batch.ts';
import { type Generation, generateDay } from './generate/generate-day.ts';
import { LandingZone } from './generate/landing-zone.ts';
import { Ledger } from './generate/ledger.ts';
import { type GenerateOptions, planGeneration } from './generate/options.ts';
import { dropsDir, markComplete, prepareOutDir, writeTruth } from './generate/out-dir.ts';
import { MIXED_PRODUCERS, singleProducer } from './generate/producers.ts';
import { userIdOf } from './generate/shopper.ts';
import { buildTruth, type Truth } from './generate/truth.ts';
import { createWorld } from './generate/world.ts';

export type { GenerateOptions, Truth };

export interface GenerateProgress {
  readonly rowCount: number;
  /** 0 to 1. */
  readonly fraction: number;
}

export interface GenerateHooks {
  readonly onProgress?: (progress: GenerateProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes `<out>/drops/<date>/<producer>-<hour>.<format>` and `<out>/truth.json`; equal options give equal bytes.
 * Memory does not grow with the number of events. Throws FL_USAGE when an option does not fit, or when `<out>/drops`
 * holds anything else than an earlier generation.
 */
export async function generateDrops(options: GenerateOptions, hooks: GenerateHooks = {}): Promise<Truth> {
  const plan = planGeneration(options);
  prepareOutDir(plan.out);
  const producers = plan.format === 'mixed' ? MIXED_PRODUCERS : [singleProducer(plan.format)];
  const world = createWorld(plan.seed, plan.merchants);
  const ledger = new Ledger(plan.days, plan.merchants);
  const landing = new LandingZone(dropsDir(plan.out), plan.firstDay, producers, ledger);
  const bot = createBot(producers);
  const batch = new EventBatch();

  for (let day = 0; day < plan.days; day++) {
    const generation: Generation = { plan, producers, world, bot, ledger, landing, batch, onDelivered };
    await generateDay(generation, day);
    markComplete(plan.out, plan.firstDay + day);

    function onDelivered(share: number): void {
      hooks.signal?.throwIfAborted();
      const { rowCount } = landing;
      const fraction = plan.events === undefined ? (day + share) / plan.days : rowCount / plan.events;
      hooks.onProgress?.({ rowCount, fraction: Math.min(1, fraction) });
    }
  }
  await landing.closeUntil(Number.POSITIVE_INFINITY);
  ledger.close();

  const botUserId = userIdOf(plan.seed, bot.index);
  const truth = buildTruth({
    plan,
    merchants: world.merchants,
    botUserId,
    ledger,
    drops: landing.records,
  });
  writeTruth(plan.out, truth);
  return truth;
}
