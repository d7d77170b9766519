/** Facts and averages over views (rules R13 to R16). */
import type { PeerJob } from '../job.ts';
import type { Event } from './read-events.ts';
import type { View } from './user-views.ts';

export interface Fact {
  merchantId: string;
  flyerId: string;
  views: number;
  measuredViews: number;
  bounceViews: number;
  itemOpens: number;
  firstOpenMs: number;
  dwellMs: number | undefined;
}

/** Of one user's views of the day. */
export function flyerFacts(views: readonly View[], { rules }: PeerJob): Fact[] {
  const facts = new Map<string, Fact>();
  for (const view of views) {
    const { merchantId, flyerId } = view;
    const key = `${merchantId}/${flyerId}`;
    let fact = facts.get(key);
    if (fact === undefined) {
      fact = {
        merchantId,
        flyerId,
        views: 0,
        measuredViews: 0,
        bounceViews: 0,
        itemOpens: 0,
        firstOpenMs: view.startMs,
        dwellMs: undefined,
      };
      facts.set(key, fact);
    }
    fact.views++;
    fact.itemOpens += view.itemOpens;
    if (view.dwellMs === undefined) continue;
    fact.measuredViews++;
    if (view.dwellMs < rules.bounce_s * 1000) fact.bounceViews++;
    fact.dwellMs = (fact.dwellMs ?? 0) + view.dwellMs;
  }
  return [...facts.values()];
}

/** Whether one user's events of the day are too many for a person. */
export function isSuspect(events: readonly Event[], dayStartMs: number, { rules }: PeerJob): boolean {
  const perMinute = new Map<number, number>();
  let perDay = 0;
  for (const { localMs, instantMs } of events) {
    if (localMs < dayStartMs || localMs >= dayStartMs + 86_400_000) continue;
    const minute = Math.floor(instantMs / 60_000);
    const count = (perMinute.get(minute) ?? 0) + 1;
    perMinute.set(minute, count);
    if (count > rules.suspect_events_per_minute) return true;
    if (++perDay > rules.suspect_events_per_day) return true;
  }
  return false;
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Linear interpolation at (n − 1)·q (R15). */
export function quantile(values: readonly number[], q: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}
