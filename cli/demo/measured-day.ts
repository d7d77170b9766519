/** What a day's exports say, read from the CSV files under `current/` as any BI tool would. */
import { parse } from 'csv-parse/sync';
import { currentKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';

export interface MeasuredDay {
  readonly day: string;
  /** Of `dq_day`: value by check. */
  readonly dq: Readonly<Record<string, number>>;
  /** Of `user_day`, over all users who are not suspect. */
  readonly shoppers: { readonly users: number; readonly views: number; readonly dwell_s: number };
  readonly merchants: readonly MeasuredMerchant[];
}

export interface MeasuredMerchant {
  readonly merchant_id: string;
  /** Too few users to be shown (rule R16): all figures are undefined. */
  readonly suppressed: boolean;
  readonly users: number | undefined;
  readonly measured_users: number | undefined;
  readonly views: number | undefined;
  readonly measured_views: number | undefined;
  readonly item_opens: number | undefined;
  readonly dwell_s: number | undefined;
}

type CsvRow = Readonly<Record<string, string>>;

/** Throws FL_OBJECT_MISSING when the day is not exported. */
export async function readMeasuredDay(lake: ObjectStore, day: string): Promise<MeasuredDay> {
  const read = async (table: string): Promise<CsvRow[]> => {
    const { body } = await lake.get(currentKey(table, day, 'csv'));
    return parse(body, { columns: true });
  };
  const [dq, users, merchants] = await Promise.all([read('dq_day'), read('user_day'), read('merchant_day')]);
  const shoppers = users.filter((row) => row.suspect === '0' && Number(row.views) > 0);
  return {
    day,
    dq: Object.fromEntries(dq.map((row) => [row.check, Number(row.value)])),
    shoppers: { users: shoppers.length, views: sum(shoppers, 'views'), dwell_s: sum(shoppers, 'dwell_s') },
    merchants: merchants.map(toMerchant),
  };
}

function toMerchant(row: CsvRow): MeasuredMerchant {
  return {
    merchant_id: row.merchant_id!,
    suppressed: row.suppressed === '1',
    users: figure(row.users),
    measured_users: figure(row.measured_users),
    views: figure(row.views),
    measured_views: figure(row.measured_views),
    item_opens: figure(row.item_opens),
    dwell_s: figure(row.dwell_s),
  };
}

/** Empty = NULL. */
function figure(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text);
}

function sum(rows: readonly CsvRow[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}
