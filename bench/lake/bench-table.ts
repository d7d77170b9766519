/** The table of this benchmark: a fact table as the pipeline has them. */
import type { TableSchema } from '../../lake/table-schema.ts';

export const benchTable: TableSchema = {
  name: 'bench_facts',
  description: 'Facts of a benchmark.',
  key: ['user_id', 'flyer_id', 'view_no'],
  exported: true,
  columns: [
    { name: 'user_id', type: 'string', description: 'Who.' },
    { name: 'day', type: 'date', description: 'Local day.' },
    { name: 'merchant_id', type: 'string', description: 'Whose.' },
    { name: 'flyer_id', type: 'string', description: 'What.' },
    { name: 'view_no', type: 'int', description: 'Which of them.' },
    { name: 'views', type: 'int', unit: 'count', description: 'How many.' },
    { name: 'item_opens', type: 'int', unit: 'count', description: 'How many.' },
    { name: 'first_open_ts', type: 'double', unit: 'epoch s', description: 'When.' },
    { name: 'dwell_s', type: 'double', nullable: true, unit: 's', description: 'How long.' },
    { name: 'end_reason', type: 'string', description: 'Why.' },
    { name: 'suspect', type: 'int', description: 'Whether odd.' },
  ],
};

/** Another `salt` gives other rows. */
export function benchQuery(day: string, rowCount: number, salt: number): string {
  return rowsOf(day, `sha256((i // 8 + ${salt})::VARCHAR)`, `range(${rowCount})`);
}

/** Rows of a large partition, in the order of its key already: user ids look like digests and rise, one a row, so that little compresses. */
export function sortedBenchQuery(day: string, fromRow: number, toRow: number): string {
  const userId = `printf('%012x', i) || substr(sha256(i::VARCHAR), 1, 52)`;
  return rowsOf(day, userId, `range(${fromRow}, ${toRow})`);
}

function rowsOf(day: string, userId: string, from: string): string {
  return `SELECT ${userId} AS user_id, DATE '${day}' AS day,
    (hash(i) % 500)::VARCHAR AS merchant_id, (hash(i + 1) % 100000)::VARCHAR AS flyer_id, (i % 8)::INTEGER AS view_no,
    (hash(i + 2) % 9)::INTEGER AS views, (hash(i + 3) % 20)::INTEGER AS item_opens,
    (1538366400 + (hash(i + 4) % 86400000) / 1000.0)::DOUBLE AS first_open_ts,
    CASE WHEN i % 4 = 0 THEN NULL ELSE (hash(i + 5) % 7200000) / 1000.0 END::DOUBLE AS dwell_s,
    ['close', 'timeout', 'next'][1 + i % 3] AS end_reason, (i % 97 = 0)::INTEGER AS suspect
    FROM ${from} t(i)`;
}
