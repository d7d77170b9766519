/** The columns of a Parquet file in the words of a table declaration. */
import type { FileMetaData, SchemaElement } from 'hyparquet';
import type { ColumnType } from './table-schema.ts';

/** By physical and converted type, as DuckDB writes them and every reader of the matrix knows them. */
const COLUMN_TYPE: Readonly<Record<string, ColumnType>> = {
  'BYTE_ARRAY UTF8': 'string',
  INT32: 'int',
  'INT32 INT_32': 'int',
  INT64: 'long',
  'INT64 INT_64': 'long',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  'INT32 DATE': 'date',
};

export interface ParquetColumn {
  readonly name: string;
  /** Undefined for a type that no table declares. */
  readonly type: ColumnType | undefined;
  /** `name type` for messages; the physical type when there is no other. */
  readonly text: string;
}

export function columnsOfFile(metadata: FileMetaData): ParquetColumn[] {
  return metadata.schema.slice(1).map(columnOf);
}

/** `physical` and `converted` as Parquet spells them; also what other libraries call them. */
export function columnTypeOf(physical: string, converted: string | undefined): ColumnType | undefined {
  return COLUMN_TYPE[`${physical} ${converted ?? ''}`.trim()];
}

function columnOf({ name, type, converted_type, repetition_type }: SchemaElement): ParquetColumn {
  const physical = type ?? 'group';
  const found = repetition_type === 'REPEATED' ? undefined : columnTypeOf(physical, converted_type);
  const text = [name, ...(found === undefined ? [repetition_type, physical, converted_type] : [found])];
  return { name, type: found, text: text.filter((word) => word !== undefined).join(' ') };
}
