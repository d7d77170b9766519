/** Looks at the feeds of the lake: published days whose numbers are others now, whoever published them. */
import { readCatalog } from '../../lake/catalog.ts';
import { CATALOG_KEY } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type Restatement, readRestatements } from '../../lake/restatements.ts';
import type { Ledger } from './ledger.ts';
import type { RestatedTable, RestatementNotice } from './notice.ts';

const CATALOG = 'catalog';
const NO_CATALOG = 'none';

/**
 * What was appended to the feeds since the ledger's last look, one notice per run. The catalog is written after the
 * feeds of a day, so a look that finds it unchanged is one HEAD request. The first look of all tells nothing.
 */
export async function readRestated(
  store: ObjectStore,
  ledger: Ledger,
): Promise<readonly RestatementNotice[]> {
  const known = ledger.get<string>(CATALOG);
  const etag = (await store.head(CATALOG_KEY))?.etag ?? NO_CATALOG;
  if (etag === known) return [];
  ledger.set(CATALOG, etag);
  const catalog = await readCatalog(store);
  const groups = new Map<string, { readonly line: Restatement; readonly tables: RestatedTable[] }>();
  for (const { name } of catalog?.tables ?? []) {
    const lines = await readRestatements(store, name);
    const field = `feed:${name}`;
    const seen = ledger.get<number>(field) ?? (known === undefined ? lines.length : 0);
    ledger.set(field, lines.length);
    for (const [at, line] of lines.entries()) {
      if (at < seen || line.kind !== 'restated') continue;
      const previous = lines.slice(0, at).findLast(({ day }) => day === line.day);
      const group = groups.get(line.runId) ?? { line, tables: [] };
      group.tables.push(toTable(line, previous));
      groups.set(line.runId, group);
    }
  }
  return [...groups.values()].map(({ line, tables }) => toNotice(line, tables));
}

function toTable(line: Restatement, previous: Restatement | undefined): RestatedTable {
  return {
    table: line.table,
    day: line.day,
    rowCount: line.rowCount,
    previousRowCount: line.previousRowCount ?? previous?.rowCount ?? 0,
    stats: line.stats ?? {},
    previousStats: previous?.stats ?? {},
  };
}

function toNotice(line: Restatement, tables: readonly RestatedTable[]): RestatementNotice {
  const { runId, token, reason, at } = line;
  const tablesOf = (day: string) => tables.filter((table) => table.day === day).length;
  const [day] = [...new Set(tables.map((table) => table.day))].sort((a, b) => tablesOf(b) - tablesOf(a)) as [
    string,
  ];
  return {
    kind: 'restatement',
    type: 'restatement',
    id: `restated-${line.day}-${line.table}-${Number(token)}`,
    atMs: Date.parse(at),
    day,
    runId,
    ...(reason === null ? {} : { reason }),
    tables,
  };
}
