/** Carries out checks: from footers, from one pass over each table whose rows are asked, and from figures of the day. */
import { invariant } from '../../infra/errors.ts';
import type { Duck } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { DayTablesRef } from '../refs.ts';
import { TABLES } from '../tables.ts';
import { againstHistory } from './against-history.ts';
import { checkId } from './check-result.ts';
import type { DayFacts } from './day-facts.ts';
import type { Check, Measure, Observation } from './declare.ts';
import {
  type Aggregates,
  countMissing,
  REPEATED,
  type ScannedTable,
  scanTables,
  UNSORTED,
} from './scan-tables.ts';
import {
  columnsAsDeclared,
  fewNulls,
  readTableFooters,
  type TableFooters,
  valuesInRange,
} from './table-footers.ts';

export interface ObserveOptions {
  readonly duck: Duck;
  readonly store: ObjectStore;
  readonly tables: DayTablesRef['tables'];
  readonly facts: DayFacts;
  /** Figures of the same weekdays before, by the name of the check. */
  readonly history: ReadonlyMap<string, readonly number[]>;
  readonly scratchDir: string;
}

/** By the name of the check. Of a table without its columns nothing else can be found out, nor of what must agree with it. */
export async function observe(
  checks: readonly Check[],
  { duck, store, tables, facts, history, scratchDir }: ObserveOptions,
): Promise<ReadonlyMap<string, Observation>> {
  const footers = await readFooters(store, checks, tables);
  const askable = checks.filter(
    ({ table, measure }) =>
      isOfColumns(measure) ||
      [table, ...neighboursOf(measure)].every((name) => typeof footers.get(name) === 'object'),
  );
  const scanned = await fetchScanned(store, askable, tables, scratchDir);
  const [aggregates, missing] = await Promise.all([
    scanTables(duck, [...scanned.values()], askable),
    countMissing(duck, scanned, askable),
  ]);
  const aggregateOf: Aggregates = (table, sql) =>
    sql === 'count(*)' ? facts.rowsOf(table) : aggregates(table, sql);

  const look = (check: Check): Observation => {
    const { table, measure, limit = 0 } = check;
    switch (measure.by) {
      case 'day':
        return measure.observe(facts, limit);
      case 'footer':
        return ofFooters(check, footers.get(table)!, facts);
      case 'history': {
        const value = typeof measure.of === 'string' ? aggregateOf(table, measure.of) : measure.of(facts);
        const past = history.get(checkId(check)) ?? [];
        return againstHistory({ day: facts.day, value, history: past, floor: measure.floor, limit });
      }
      case 'join':
        return noRows(missing(check), `have ${measure.columns.join(', ')} that ${measure.to} lacks`);
      case 'scan':
        return ofRows(check, aggregateOf, facts.rowsOf(table));
    }
  };
  return new Map(askable.map((check) => [checkId(check), look(check)]));
}

function ofFooters(check: Check, footers: TableFooters | string, { day, params }: DayFacts): Observation {
  if (isOfColumns(check.measure)) return columnsAsDeclared(TABLES[check.table]!, day, footers);
  invariant(typeof footers === 'object', `the footers of ${check.table} were read`);
  const found = valuesInRange(check, footers, (name) => params[name]) ?? fewNulls(check, footers);
  invariant(found !== undefined, `${checkId(check)} is a check of footers`);
  return found;
}

function ofRows(
  { table, measure, limit = 0 }: Check,
  aggregateOf: Aggregates,
  rowCount: number,
): Observation {
  invariant(measure.by === 'scan', `the check of ${table} is one of rows`);
  if (measure.what === 'key') {
    const [repeated, unsorted] = [aggregateOf(table, REPEATED), aggregateOf(table, UNSORTED)];
    return unsorted > 0
      ? noRows(unsorted, 'are not in the order of the key')
      : noRows(repeated, 'repeat a key');
  }
  if (measure.what === 'sum') {
    const [own, other] = [aggregateOf(table, measure.sql), aggregateOf(measure.of.table, measure.of.sql)];
    const detail = `${own} here, ${other} in ${measure.of.table}`;
    return { observed: own, isGood: own === other, expected: String(other), detail };
  }
  const bad = aggregateOf(table, measure.sql);
  return {
    observed: bad,
    isGood: bad <= limit * rowCount,
    expected: limit === 0 ? '0 rows' : `at most ${limit * 100} % of the rows`,
    detail: `${bad} of ${rowCount} rows break it`,
  };
}

const noRows = (observed: number, what: string): Observation => ({
  ...{ observed, isGood: observed === 0, expected: '0 rows', detail: `${observed} rows ${what}` },
});

async function readFooters(
  store: ObjectStore,
  checks: readonly Check[],
  tables: DayTablesRef['tables'],
): Promise<ReadonlyMap<string, TableFooters | string>> {
  const names = new Set(checks.map(({ table }) => table));
  const read = [...names].map(
    async (name) => [name, await readTableFooters(store, TABLES[name]!, tables[name] ?? [])] as const,
  );
  return new Map(await Promise.all(read));
}

/** Files of tables whose rows are asked; of others nothing is fetched. */
async function fetchScanned(
  store: ObjectStore,
  checks: readonly Check[],
  tables: DayTablesRef['tables'],
  scratchDir: string,
): Promise<ReadonlyMap<string, ScannedTable>> {
  const asked = checks.filter(({ measure }) => isOfRows(measure));
  const names = new Set(asked.flatMap(({ table, measure }) => [table, ...neighboursOf(measure)]));
  const fetched = [...names].map(async (name) => {
    const paths = await Promise.all((tables[name] ?? []).map(({ key }) => store.fetchFile(key, scratchDir)));
    return [name, { schema: TABLES[name]!, paths }] as const;
  });
  return new Map(await Promise.all(fetched));
}

const isOfColumns = (measure: Measure): boolean => measure.by === 'footer' && measure.what === 'columns';

function isOfRows(measure: Measure): boolean {
  if (measure.by === 'history') return typeof measure.of === 'string' && measure.of !== 'count(*)';
  return measure.by === 'scan' || measure.by === 'join';
}

/** Other tables that it takes to carry it out. */
function neighboursOf(measure: Measure): string[] {
  if (measure.by === 'join') return [measure.to];
  return measure.by === 'scan' && measure.what === 'sum' ? [measure.of.table] : [];
}
