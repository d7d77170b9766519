/** All checks of a day's tables, before they are published: what is found is kept in the lake, whatever it is. */
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { inputsDigestOf, paramsDigestOf } from '../../lake/partition-digest.ts';
import type { DayParams } from '../day-params.ts';
import { definitionOf } from '../definition-of.ts';
import { DEFINITION_VERSION } from '../metric-params.ts';
import type { DayInputs, DayTablesRef } from '../refs.ts';
import { type DayChecks, worstStatus } from './check-result.ts';
import { CHECKS_TABLE, putDayChecks } from './check-store.ts';
import { readDayFacts } from './day-facts.ts';
import { checksInUse, judge } from './judge.ts';
import { observe } from './observe.ts';
import { readSameWeekdays } from './same-weekdays.ts';

export interface CheckTablesOptions {
  readonly inputs: DayInputs;
  readonly tables: DayTablesRef;
  readonly params: DayParams;
  readonly runId: string;
  readonly attempt: number;
  readonly scratchDir: string;
}

export async function checkTables(
  duck: Duck,
  store: ObjectStore,
  { inputs, tables, params, runId, attempt, scratchDir }: CheckTablesOptions,
): Promise<DayChecks> {
  const { day, drops, codeVersion, inputsHash } = inputs;
  const definition = definitionOf({ definitionVersion: DEFINITION_VERSION, params: inputs.params });
  const [facts, history] = await Promise.all([
    countRejected(duck, store, tables, scratchDir).then((rejectedOf) =>
      readDayFacts(store, inputs, tables, params, rejectedOf),
    ),
    readSameWeekdays(store, day, definition),
  ]);
  const checks = checksInUse(params);
  const options = { duck, store, tables: tables.tables, facts, history, scratchDir };
  const observations = await observe(checks, options);
  const results = judge(checks, observations, params.accept_checks);
  const figures = [...observations].flatMap(([name, { figure }]) =>
    figure === undefined ? [] : [[name, figure] as const],
  );
  const found: DayChecks = {
    day,
    token: tables.tokens[CHECKS_TABLE]!,
    runId,
    attempt,
    checkedAt: new Date().toISOString(),
    status: worstStatus(results),
    inputsHash,
    recipe: {
      inputsDigest: inputsDigestOf(drops),
      codeVersion,
      definitionVersion: DEFINITION_VERSION,
      paramsDigest: paramsDigestOf(inputs.params),
    },
    figures: Object.fromEntries(figures),
    definition,
    results,
  };
  await putDayChecks(store, found);
  return found;
}

/** Rows of each drop in `rejected_events`. */
async function countRejected(
  duck: Duck,
  store: ObjectStore,
  { tables }: DayTablesRef,
  scratchDir: string,
): Promise<(drop: string) => number> {
  const files = (tables.rejected_events ?? []).filter(({ rowCount }) => rowCount > 0);
  if (files.length === 0) return () => 0;
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const rows = await duck.rows<{ source: string; count: number }>(
    `SELECT source, count(*)::DOUBLE AS count FROM read_parquet(${sqlPaths(paths)}) GROUP BY source`,
  );
  const counts = new Map(rows.map(({ source, count }) => [source, count]));
  return (drop) => counts.get(drop) ?? 0;
}
