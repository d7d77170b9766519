/** The partitions of a table as its log knows them. */
import type { Day, Token } from './lake-keys.ts';
import {
  type AddFile,
  committedDays,
  filesOfDay,
  headToken,
  pinnedToken,
  type Snapshot,
} from './table-log.ts';

export interface Partition {
  readonly table: string;
  readonly day: Day;
  /** The claim that committed it last; a greater one is a newer version. */
  readonly token: Token;
  readonly rowCount: number;
  /** Bytes of its data files. */
  readonly size: number;
  readonly files: readonly AddFile[];
  /** Whether a rollback keeps later runs from replacing it. */
  readonly isPinned: boolean;
}

export interface DayRange {
  /** Both included. @default all days */
  readonly from?: Day | undefined;
  readonly to?: Day | undefined;
}

/** In order of days. */
export function partitionsOf(snapshot: Snapshot, range: DayRange = {}): Partition[] {
  return committedDays(snapshot)
    .filter((day) => isWithin(day, range))
    .map((day) => partitionOf(snapshot, day)!);
}

/** Undefined when the day was never committed. */
export function partitionOf(snapshot: Snapshot, day: Day): Partition | undefined {
  const token = headToken(snapshot, day);
  if (token === undefined) return undefined;
  const files = filesOfDay(snapshot, day);
  return {
    table: snapshot.table,
    day,
    token,
    rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
    size: files.reduce((sum, file) => sum + file.size, 0),
    files,
    isPinned: pinnedToken(snapshot, day) !== undefined,
  };
}

export function isWithin(day: Day, { from = '', to = '9999-12-31' }: DayRange): boolean {
  return day >= from && day <= to;
}
