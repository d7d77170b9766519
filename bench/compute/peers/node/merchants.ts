/** Merchants of the day, gathered user by user (rules R13, R14, R16). */
import type { PeerJob } from '../job.ts';
import type { Cell } from './csv-file.ts';
import { type Fact, quantile, sum } from './facts.ts';
import type { Columns } from './table-file.ts';
import type { View } from './user-views.ts';

interface Merchant {
  readonly flyers: Set<string>;
  users: number;
  views: number;
  partialViews: number;
  bounceViews: number;
  itemOpens: number;
  /** Of measured users, of measured views. */
  readonly userDwellS: number[];
  readonly viewDwellS: number[];
}

export const MERCHANT_COLUMNS: Columns = {
  day: 'DATE',
  merchant_id: 'UTF8',
  flyers: 'INT32',
  users: 'INT32',
  measured_users: 'INT32',
  views: 'INT32',
  measured_views: 'INT32',
  unmeasured_share: 'DOUBLE',
  partial_share: 'DOUBLE',
  dwell_s: 'DOUBLE',
  avg_dwell_per_user_s: 'DOUBLE',
  median_dwell_per_user_s: 'DOUBLE',
  p90_dwell_per_user_s: 'DOUBLE',
  avg_dwell_per_view_s: 'DOUBLE',
  median_dwell_per_view_s: 'DOUBLE',
  p90_dwell_per_view_s: 'DOUBLE',
  bounce_views: 'INT32',
  bounce_share: 'DOUBLE',
  item_opens: 'INT32',
  item_opens_per_view: 'DOUBLE',
  suppressed: 'INT32',
};

export class Merchants {
  readonly #merchants = new Map<string, Merchant>();

  /** What one user, no suspect, did on the day. */
  addUser(facts: readonly Fact[], views: readonly View[]): void {
    for (const view of views) {
      if (view.merchantId === '') continue;
      const merchant = this.#of(view.merchantId);
      merchant.views++;
      merchant.flyers.add(view.flyerId);
      if (view.dwellMs !== undefined) merchant.viewDwellS.push(view.dwellMs / 1000);
      if (view.tailMs === undefined && view.lastMs > view.startMs) merchant.partialViews++;
    }
    for (const [merchantId, group] of Map.groupBy(facts, (fact) => fact.merchantId)) {
      if (merchantId === '') continue;
      const merchant = this.#of(merchantId);
      const measured = group.flatMap(({ dwellMs }) => dwellMs ?? []);
      merchant.users++;
      if (measured.length > 0) merchant.userDwellS.push(sum(measured) / 1000);
      merchant.bounceViews += sum(group.map((fact) => fact.bounceViews));
      merchant.itemOpens += sum(group.map((fact) => fact.itemOpens));
    }
  }

  *rows({ day, rules }: PeerJob): Generator<Cell[]> {
    for (const [id, merchant] of this.#merchants) {
      const { flyers, users, views, partialViews, bounceViews, itemOpens, userDwellS, viewDwellS } = merchant;
      if (userDwellS.length < rules.k_min_users) {
        yield Object.keys(MERCHANT_COLUMNS).map(
          (name) => ({ day, merchant_id: id, suppressed: 1 })[name as 'day'],
        );
        continue;
      }
      const dwellS = sum(userDwellS);
      const measuredViews = viewDwellS.length;
      yield [
        day,
        id,
        flyers.size,
        users,
        userDwellS.length,
        views,
        measuredViews,
        1 - measuredViews / views,
        partialViews / views,
        dwellS,
        dwellS / userDwellS.length,
        quantile(userDwellS, 0.5),
        quantile(userDwellS, 0.9),
        dwellS / measuredViews,
        quantile(viewDwellS, 0.5),
        quantile(viewDwellS, 0.9),
        bounceViews,
        bounceViews / measuredViews,
        itemOpens,
        itemOpens / views,
        0,
      ];
    }
  }

  #of(id: string): Merchant {
    let merchant = this.#merchants.get(id);
    if (merchant === undefined) {
      merchant = {
        flyers: new Set(),
        users: 0,
        views: 0,
        partialViews: 0,
        bounceViews: 0,
        itemOpens: 0,
        userDwellS: [],
        viewDwellS: [],
      };
      this.#merchants.set(id, merchant);
    }
    return merchant;
  }
}
