/** Pieces as SQL relations: the texts of each row, its drop, and the line it begins on. */
import { sqlPaths } from '../../../lake/duckdb.ts';
import { FIELDS } from '../parse/raw-row.ts';
import type { Dialect, Piece } from './piece.ts';

/** A quoted-off character that no piece holds, so that an empty field is an empty text and only a missing one is NULL. */
const NO_TEXT = 'chr(1)';
/** Columns for fields beyond the header's. A row with more than so many too many is lost, which the row count shows. */
const SPARE_COLUMNS = ['spare_1', 'spare_2', 'spare_3'];

/** Of pieces that wait for judgement; undefined when there are none. Their rows come in the order of the pieces. */
export function rawRowsSql(pieces: readonly Piece[]): string | undefined {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) {
    if (piece.dialect.kind === 'events') continue;
    const key = JSON.stringify(piece.dialect);
    groups.set(key, [...(groups.get(key) ?? []), piece]);
  }
  const relations = [...groups.values()].map((group) => placedSql(textsSql(group), group));
  return relations.length === 0 ? undefined : relations.join('\nUNION ALL BY NAME\n');
}

/** Of pieces with events, which are sure; undefined when there are none. */
export function eventRowsSql(pieces: readonly Piece[]): string | undefined {
  const paths = pieces.filter(({ dialect }) => dialect.kind === 'events').map(({ path }) => path);
  if (paths.length === 0) return undefined;
  return `SELECT local_ms_of(instant_ms, wall_ms) // 86400000 AS day_no, instant_ms, local_ms_of(instant_ms, wall_ms) AS local_ms,
    user_id, event, flyer_id, merchant_id, event_id, seq, received_ms, drop_no, line
    FROM read_json(${sqlPaths(paths)}, format = 'newline_delimited', columns = {instant_ms: 'BIGINT', wall_ms: 'BIGINT',
      user_id: 'VARCHAR', event: 'UTINYINT', flyer_id: 'VARCHAR', merchant_id: 'VARCHAR', event_id: 'VARCHAR', seq: 'BIGINT',
      received_ms: 'BIGINT', drop_no: 'USMALLINT', line: 'BIGINT'})`;
}

/** The fields, `is_whole`, and which file a row is of, with its number over all files. */
function textsSql(group: readonly Piece[]): string {
  const { dialect } = group[0]!;
  const paths = sqlPaths(group.map(({ path }) => path));
  return dialect.kind === 'csv' ? csvSql(dialect, paths) : ndjsonSql(paths);
}

function csvSql(dialect: Dialect & { kind: 'csv' }, paths: string): string {
  const names = dialect.columns.map((_, index) => `column_${index}`);
  const columns = [...names, ...SPARE_COLUMNS].map((name) => `${name}: 'VARCHAR'`);
  const fields = FIELDS.map((field) => {
    const index = dialect.columns.indexOf(field);
    return `${index < 0 ? 'NULL::VARCHAR' : names[index]} AS "${field}"`;
  });
  const quote = dialect.isQuoted ? '"' : '';
  return `SELECT ${fields.join(', ')}, ${names.at(-1)} IS NOT NULL AND ${SPARE_COLUMNS[0]} IS NULL AS is_whole,
    file_index AS file_no, row_number() OVER () AS row_no
    FROM read_csv(${paths}, auto_detect = false, header = false, delim = ',', quote = '${quote}', escape = '${quote}',
      new_line = '${dialect.isCrlf ? '\\r\\n' : '\\n'}', null_padding = true, ignore_errors = true, nullstr = ${NO_TEXT},
      columns = {${columns.join(', ')}})`;
}

/** A line that is no object has all fields NULL. */
function ndjsonSql(paths: string): string {
  const columns = FIELDS.map((field) => `"${field}": 'VARCHAR'`);
  const rewritten = ['user_id', 'flyer_id', 'merchant_id', 'event_id'].map(
    (field) => `is_rewritten(${field})`,
  );
  return `SELECT ${FIELDS.map((field) => `"${field}"`).join(', ')}, NOT (${rewritten.join(' OR ')}) AS is_whole,
    file_index AS file_no, row_number() OVER () AS row_no
    FROM read_json(${paths}, format = 'newline_delimited', ignore_errors = true, columns = {${columns.join(', ')}})`;
}

/** Adds drop and line. They are constants of a row number where the pieces are one stretch of one drop. */
function placedSql(texts: string, group: readonly Piece[]): string {
  const places: { fileNo: number; dropNo: number; offset: number }[] = [];
  let rows = 0;
  for (const [fileNo, { dropNo, firstLine, lineCount }] of group.entries()) {
    places.push({ fileNo, dropNo, offset: firstLine - 1 - rows });
    rows += lineCount;
  }
  const [first] = places;
  const isOneStretch = places.every(
    ({ dropNo, offset }) => dropNo === first!.dropNo && offset === first!.offset,
  );
  if (isOneStretch) {
    return `SELECT * EXCLUDE (file_no, row_no), ${first!.dropNo}::USMALLINT AS drop_no, row_no + ${first!.offset} AS line FROM (${texts})`;
  }
  const values = places.map(({ fileNo, dropNo, offset }) => `(${fileNo}, ${dropNo}, ${offset})`);
  return `SELECT t.* EXCLUDE (file_no, row_no), p.drop_no::USMALLINT AS drop_no, t.row_no + p.line_offset AS line
    FROM (${texts}) AS t JOIN (VALUES ${values.join(', ')}) AS p(file_no, drop_no, line_offset) ON p.file_no = t.file_no`;
}
