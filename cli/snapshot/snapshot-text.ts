/** What the commands about snapshots say of one in the same words. */
import type { NamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import { formatCount } from '../terminal.ts';

/** `31 days from 2018-10-01 to 2018-10-31`. */
export function daysOf(snapshot: NamedSnapshot): string {
  const days = frozenDays(snapshot);
  const count = `${formatCount(days.length)} day${days.length === 1 ? '' : 's'}`;
  return days.length === 1 ? `${count}, ${days[0]}` : `${count} from ${days[0]} to ${days.at(-1)}`;
}

/** Days of any table, in order. */
export function frozenDays({ tables }: NamedSnapshot): string[] {
  const days = tables.flatMap(({ partitions }) => partitions.map(({ day }) => day));
  return [...new Set(days)].sort();
}

export function sumOf({ tables }: NamedSnapshot, figure: 'rowCount' | 'size'): number {
  return tables.reduce((sum, table) => sum + table[figure], 0);
}

/** For programs: without files, of which there may be many thousands. */
export function jsonOf(snapshot: NamedSnapshot) {
  return {
    ...snapshot,
    tables: snapshot.tables.map(({ partitions, ...table }) => ({
      ...table,
      days: partitions.map(({ day }) => day),
      files: partitions.reduce((sum, { files }) => sum + files.length, 0),
    })),
  };
}
