/** One local day of everybody, in all zones: the bot, then shopper after shopper until there are enough. */
import { runBot } from './bot.ts';
import { plantDirt } from './dirt.ts';
import type { EventBatch } from './event-batch.ts';
import type { LandingZone } from './landing-zone.ts';
import type { Ledger } from './ledger.ts';
import type { GeneratePlan } from './options.ts';
import type { Producer } from './producers.ts';
import { cumulate, Random } from './random.ts';
import { type Shopper, shopperAt, userIdOf, ZONES, zoneOn } from './shopper.ts';
import { Shopping } from './shopping.ts';
import { liveDay, opensApp } from './shopping-day.ts';
import type { World } from './world.ts';
import { type ZoneDay, zoneDay } from './zones.ts';

export interface Generation {
  readonly plan: GeneratePlan;
  readonly producers: readonly Producer[];
  readonly world: World;
  readonly bot: Shopper;
  readonly ledger: Ledger;
  readonly landing: LandingZone;
  readonly batch: EventBatch;
  /** After each batch. @param share of the shoppers who had their day */
  readonly onDelivered: (share: number) => void;
}

/** @param dayIndex 0 = first day */
export async function generateDay(generation: Generation, dayIndex: number): Promise<void> {
  const { plan, producers, world, bot, ledger, landing, batch } = generation;
  const day = plan.firstDay + dayIndex;
  const places = zonesOn(day);
  const random = new Random();
  const dirt = new Random(plan.seed, 6, day);
  const shares = cumulate(producers.map((producer) => producer.share));
  const shopping = new Shopping({ random, world, ledger, batch, firstDay: plan.firstDay });
  const rowsWanted = ((plan.events ?? 0) * (dayIndex + 1)) / plan.days;
  const isEnough = (shoppers: number) =>
    plan.events === undefined ? shoppers >= plan.users : landing.rowCount + batch.count >= rowsWanted;

  // Nothing of today happens before, anywhere, so nothing arrives before: earlier drops are complete.
  await landing.closeUntil(Math.min(...Array.from(places.values(), (place) => place.startMs)));
  random.rekey(plan.seed, 5, bot.index, day);
  begin(bot, bot.zone);
  runBot(shopping);

  for (let index = 0; !isEnough(index); index++) {
    const shopper = shopperAt(random, plan.seed, index, day, producers, shares);
    random.rekey(plan.seed, 5, index, day);
    if (!opensApp(random, shopper)) continue;
    const from = batch.count;
    const zone = zoneOn(shopper, day);
    begin(shopper, zone);
    liveDay(shopping, zone !== zoneOn(shopper, day - 1));
    plantDirt(dirt, batch, from, producers);
    if (batch.full) await deliver(index / plan.users);
  }
  await deliver(1);

  function begin(shopper: Shopper, zone: string): void {
    const { millis } = producers[shopper.producer]!;
    shopping.begin(shopper, userIdOf(plan.seed, shopper.index), places.get(zone)!, dayIndex, millis);
  }

  async function deliver(share: number): Promise<void> {
    await landing.deliver(batch);
    batch.clear();
    generation.onDelivered(share);
  }
}

function zonesOn(day: number): ReadonlyMap<string, ZoneDay> {
  return new Map(ZONES.map((zone) => [zone, zoneDay(zone, day)]));
}
