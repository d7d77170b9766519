/** How the figures of each merchant would change, those that change most first. */
import { type Duck, sqlString } from '../../lake/duckdb.ts';
import { MERCHANT_DAY } from '../tables.ts';
import { type BothRows, type Change, type Figures, figureTerms, pairFigures } from './figures.ts';

export interface MerchantOptions {
  /** One merchant alone, day by day. */
  readonly merchant?: string | undefined;
  /** How many are listed. @default 20 */
  readonly top?: number | undefined;
}

export interface MerchantChange {
  readonly merchantId: string;
  /** Undefined: over all days. */
  readonly day?: string;
  readonly figures: Readonly<Record<string, Change>>;
}

export interface MerchantDiff {
  readonly merchantCount: number;
  /** Merchants of whom any figure changes. */
  readonly changedCount: number;
  /** By how much total dwell changes, then by name. */
  readonly merchants: readonly MerchantChange[];
  /** Of the one merchant that was asked for. */
  readonly days: readonly MerchantChange[];
}

/** Figures of suppressed rows are blank on either side, as merchants see them. */
export async function diffMerchants(
  duck: Duck,
  { before, after }: BothRows,
  { merchant, top = 20 }: MerchantOptions,
): Promise<MerchantDiff> {
  const names = Object.keys(pairFigures(MERCHANT_DAY, undefined, undefined));
  const one = merchant === undefined ? '' : `WHERE merchant_id = ${sqlString(merchant)}`;
  const side = (rows: string, keys: string) =>
    `(SELECT ${keys}, ${figureTerms(MERCHANT_DAY)} FROM (${rows}) ${one} GROUP BY ${keys})`;
  const joined = (keys: readonly string[]) =>
    `SELECT ${keys.join(', ')}, ${names.map((name) => `b.${name} AS before_${name}, a.${name} AS after_${name}`).join(', ')},
       count(*) OVER ()::DOUBLE AS merchant_count,
       count(*) FILTER (${names.map((name) => `a.${name} IS DISTINCT FROM b.${name}`).join(' OR ')}) OVER ()::DOUBLE AS changed_count
     FROM ${side(before, keys.join(', '))} AS b FULL JOIN ${side(after, keys.join(', '))} AS a USING (${keys.join(', ')})`;
  const found = await duck.rows<Row>(
    `${joined(['merchant_id'])}
     ORDER BY abs(coalesce(after_dwell_s, 0) - coalesce(before_dwell_s, 0)) DESC, merchant_id LIMIT ${top}`,
  );
  const days =
    merchant === undefined ? [] : await duck.rows<Row>(`${joined(['merchant_id', 'dt'])} ORDER BY dt`);
  return {
    merchantCount: found[0]?.merchant_count ?? 0,
    changedCount: found[0]?.changed_count ?? 0,
    merchants: found.map(changeOf),
    days: days.map((row) => ({ ...changeOf(row), day: row.dt! })),
  };
}

type Row = Figures & {
  readonly merchant_id: string;
  readonly dt?: string;
  readonly merchant_count: number;
  readonly changed_count: number;
};

function changeOf(row: Row): MerchantChange {
  const side = (prefix: string): Figures =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value as number | null]),
    );
  return {
    merchantId: row.merchant_id,
    figures: pairFigures(MERCHANT_DAY, side('before_'), side('after_')),
  };
}
