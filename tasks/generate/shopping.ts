/** What a shopper's day of events is made with: the shopper, the place, the flyers on offer, and where events go. */
import { EVENT_CODE } from '../events.ts';
import type { EventBatch } from './event-batch.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { Shopper } from './shopper.ts';
import type { FlyerWeek, World } from './world.ts';
import { DAY_MS, HOUR_MS, offsetIn, type ZoneDay } from './zones.ts';

export class Shopping {
  readonly random: Random;
  readonly world: World;
  readonly ledger: Ledger;
  readonly batch: EventBatch;
  readonly #firstDay: number;
  #dayIndex = 0;
  #user = 0;
  #seq = 0;
  /** How much later than usual the events arrive; hours when the phone is offline. */
  delayMs = 0;
  shopper!: Shopper;
  place!: ZoneDay;
  flyers!: FlyerWeek;
  /** Resolution of the app's clock: 1 or 1000. */
  unitMs = 1000;

  constructor(
    parts: Pick<Shopping, 'random' | 'world' | 'ledger' | 'batch'> & { readonly firstDay: number },
  ) {
    this.random = parts.random;
    this.world = parts.world;
    this.ledger = parts.ledger;
    this.batch = parts.batch;
    this.#firstDay = parts.firstDay;
  }

  /** What follows is this shopper's local day. @param dayIndex 0 = first day */
  begin(shopper: Shopper, userId: string, place: ZoneDay, dayIndex: number, millis: boolean): void {
    this.shopper = shopper;
    this.place = place;
    this.flyers = this.world.flyersOn(this.#firstDay + dayIndex);
    this.unitMs = millis ? 1 : 1000;
    this.delayMs = 0;
    this.#dayIndex = dayIndex;
    this.#user = this.batch.addUser(userId);
    this.#seq = 0;
    this.ledger.turnTo(dayIndex, shopper.index);
  }

  /** Index of the local day of an instant. */
  dayOf(instantMs: number): number {
    return Math.floor((instantMs + offsetIn(this.place, instantMs)) / DAY_MS) - this.#firstDay;
  }

  /** @param flyer,merchant ids; 0 = unknown */
  emit(instantMs: number, event: number, flyer: number, merchant: number): void {
    const { batch, random } = this;
    const row = batch.count++;
    batch.instantMs[row] = instantMs;
    batch.arrivalMs[row] = instantMs + this.delayMs + Math.floor(this.#networkDelayMs());
    batch.user[row] = this.#user;
    batch.seq[row] = this.#dayIndex * 10_000 + this.#seq++;
    batch.offsetMs[row] = offsetIn(this.place, instantMs);
    batch.producer[row] = this.shopper.producer;
    batch.event[row] = event;
    batch.flyer[row] = flyer;
    batch.merchant[row] = merchant;
    // Events that should have an id and have none carry it spelled as null; the others usually leave it out.
    const spelled = event === EVENT_CODE.item_open || event === EVENT_CODE.flyer_open ? 0.7 : 0.08;
    batch.flyerNull[row] = flyer === 0 && random.chance(spelled) ? 1 + random.below(6) : 0;
    batch.merchantNull[row] = merchant === 0 && random.chance(spelled) ? 1 + random.below(6) : 0;
    batch.fault[row] = 0;
    batch.duplicate[row] = 0;
    batch.untidy[row] = random.chance(0.001) ? 1 : 0;
  }

  /** Mostly a second or two; some requests are tried again for minutes, which puts rows out of order. */
  #networkDelayMs(): number {
    const { random } = this;
    return 50 + (random.chance(0.015) ? random.between(30_000, HOUR_MS / 6) : random.exponential(1500));
  }
}
