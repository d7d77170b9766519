/** The rules' output as columns of DuckDB tables: one row per view, per user and flyer, per user. */
import { ColumnTable } from '../../lake/column-table.ts';
import type { Duck } from '../../lake/duckdb.ts';
import type { DwellSink } from './day-dwell.ts';

const VIEW_COLUMNS = {
  user_no: 'INTEGER',
  flyer_no: 'INTEGER',
  view_no: 'INTEGER',
  origin: 'UTINYINT',
  start_rel_ms: 'INTEGER',
  n_events: 'INTEGER',
  item_opens: 'INTEGER',
  reopens: 'INTEGER',
  end_reason: 'UTINYINT',
  observed_ms: 'INTEGER',
  tail_ms: 'INTEGER',
  dwell_ms: 'INTEGER',
  max_gap_ms: 'INTEGER',
  capped: 'UTINYINT',
} as const;

const FLYER_COLUMNS = {
  user_no: 'INTEGER',
  flyer_no: 'INTEGER',
  views: 'INTEGER',
  measured_views: 'INTEGER',
  bounce_views: 'INTEGER',
  item_opens: 'INTEGER',
  first_open_rel_ms: 'INTEGER',
  dwell_ms: 'DOUBLE',
} as const;

const USER_COLUMNS = {
  user_no: 'INTEGER',
  flyers: 'INTEGER',
  measured_flyers: 'INTEGER',
  views: 'INTEGER',
  measured_views: 'INTEGER',
  item_opens: 'INTEGER',
  dwell_ms: 'DOUBLE',
  median_flyer_ms: 'DOUBLE',
} as const;

/** Creates the tables `view_row`, `flyer_row` and `user_row`; they are whole after `close`. */
export async function createDwellTables(duck: Duck): Promise<DwellSink & { close(): void }> {
  const views = await ColumnTable.create(duck, 'view_row', VIEW_COLUMNS);
  const flyers = await ColumnTable.create(duck, 'flyer_row', FLYER_COLUMNS);
  const users = await ColumnTable.create(duck, 'user_row', USER_COLUMNS);
  const { columns: v } = views;
  const { columns: f } = flyers;
  const { columns: u } = users;
  return {
    view(userNo, viewNo, view, measure, end) {
      const row = views.nextRow();
      v.user_no[row] = userNo;
      v.flyer_no[row] = view.flyer;
      v.view_no[row] = viewNo;
      v.origin[row] = view.origin;
      v.start_rel_ms[row] = view.startMs;
      v.n_events[row] = view.events;
      v.item_opens[row] = view.itemOpens;
      v.reopens[row] = view.reopens;
      v.end_reason[row] = end;
      v.observed_ms[row] = measure.observedMs;
      v.tail_ms[row] = measure.tailMs;
      v.dwell_ms[row] = measure.dwellMs;
      v.max_gap_ms[row] = measure.maxGapMs;
      v.capped[row] = measure.capped ? 1 : 0;
    },
    flyer(userNo, fact) {
      const row = flyers.nextRow();
      f.user_no[row] = userNo;
      f.flyer_no[row] = fact.flyer;
      f.views[row] = fact.views;
      f.measured_views[row] = fact.measuredViews;
      f.bounce_views[row] = fact.bounceViews;
      f.item_opens[row] = fact.itemOpens;
      f.first_open_rel_ms[row] = fact.firstOpenMs;
      f.dwell_ms[row] = fact.dwellMs;
    },
    user(userNo, fact) {
      const row = users.nextRow();
      u.user_no[row] = userNo;
      u.flyers[row] = fact.flyers;
      u.measured_flyers[row] = fact.measuredFlyers;
      u.views[row] = fact.views;
      u.measured_views[row] = fact.measuredViews;
      u.item_opens[row] = fact.itemOpens;
      u.dwell_ms[row] = fact.dwellMs;
      u.median_flyer_ms[row] = fact.medianFlyerMs;
    },
    close() {
      views.close();
      flyers.close();
      users.close();
    },
  };
}
