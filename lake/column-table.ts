/** Integer columns between DuckDB and typed arrays, a chunk at a time: millions of values, no object for any of them. */
import {
  DOUBLE,
  type DuckDBAppender,
  DuckDBDataChunk,
  type DuckDBType,
  INTEGER,
  UTINYINT,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { type Duck, sqlName } from './duckdb.ts';

/** Rows of one chunk; DuckDB's vector size. */
const CHUNK_ROWS = duckdb.vector_size();

const KINDS = {
  INTEGER: { type: INTEGER as DuckDBType, array: () => new Int32Array(CHUNK_ROWS) },
  UTINYINT: { type: UTINYINT as DuckDBType, array: () => new Uint8Array(CHUNK_ROWS) },
  DOUBLE: { type: DOUBLE as DuckDBType, array: () => new Float64Array(CHUNK_ROWS) },
} as const;

type Kind = keyof typeof KINDS;
interface ArrayOf {
  INTEGER: Int32Array;
  UTINYINT: Uint8Array;
  DOUBLE: Float64Array;
}

/**
 * A temporary table that is filled row by row: write the values of row `nextRow()` into `columns`; the arrays stay the
 * same. `close` hands over the rest; until then the table lacks the last rows.
 */
export class ColumnTable<Columns extends Readonly<Record<string, Kind>>> {
  readonly columns: { readonly [Name in keyof Columns]: ArrayOf[Columns[Name]] };
  readonly #types: readonly DuckDBType[];
  readonly #appender: DuckDBAppender;
  #rows = 0;

  static async create<C extends Readonly<Record<string, Kind>>>(
    duck: Duck,
    name: string,
    columns: C,
  ): Promise<ColumnTable<C>> {
    const declared = Object.entries(columns).map(([column, kind]) => `${sqlName(column)} ${kind} NOT NULL`);
    await duck.run(`CREATE TEMP TABLE ${sqlName(name)} (${declared.join(', ')})`);
    return new ColumnTable(await duck.connection.createAppender(name, 'main', 'temp'), columns);
  }

  private constructor(appender: DuckDBAppender, columns: Columns) {
    this.#appender = appender;
    this.#types = Object.values(columns).map((kind) => KINDS[kind].type);
    this.columns = Object.fromEntries(
      Object.entries(columns).map(([name, kind]) => [name, KINDS[kind].array()]),
    ) as unknown as ColumnTable<Columns>['columns'];
  }

  /** Index to write the next row's values at; hands over the chunk before when it is full. */
  nextRow(): number {
    if (this.#rows === CHUNK_ROWS) this.#append();
    return this.#rows++;
  }

  close(): void {
    if (this.#rows > 0) this.#append();
    this.#appender.closeSync();
  }

  #append(): void {
    const chunk = DuckDBDataChunk.create(this.#types, this.#rows);
    const arrays = Object.values(this.columns) as readonly (Int32Array | Uint8Array | Float64Array)[];
    for (const [index, array] of arrays.entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
      const bytes = this.#rows * array.BYTES_PER_ELEMENT;
      duckdb.copy_data_to_vector(vector, 0, array.buffer as ArrayBuffer, array.byteOffset, bytes);
    }
    this.#appender.appendDataChunk(chunk);
    this.#rows = 0;
  }
}

/** The values of a chunk's INTEGER column without NULLs. They are DuckDB's memory: valid while the chunk is. */
export function int32Column(chunk: DuckDBDataChunk, index: number): Int32Array {
  const bytes = columnBytes(chunk, index, 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, chunk.rowCount);
}

/** Likewise of a TINYINT column. */
export function int8Column(chunk: DuckDBDataChunk, index: number): Int8Array {
  const bytes = columnBytes(chunk, index, 1);
  return new Int8Array(bytes.buffer, bytes.byteOffset, chunk.rowCount);
}

/** Likewise of a UTINYINT column. */
export function uint8Column(chunk: DuckDBDataChunk, index: number): Uint8Array {
  return columnBytes(chunk, index, 1);
}

function columnBytes(chunk: DuckDBDataChunk, index: number, valueBytes: number): Uint8Array {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
  return duckdb.vector_get_data(vector, chunk.rowCount * valueBytes);
}
