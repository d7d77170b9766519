/** The part of parquetjs-lite that is used: it has no types of its own. */
declare module 'parquetjs-lite' {
  interface ParquetField {
    readonly path: readonly string[];
    readonly primitiveType?: string;
    readonly originalType?: string;
    readonly repetitionType: string;
    readonly isNested?: boolean;
  }
  class ParquetReader {
    /** Reads header and footer. Throws strings as well as errors. */
    static openFile(path: string): Promise<ParquetReader>;
    readonly schema: { readonly fieldList: readonly ParquetField[] };
    /** A node-int64, or a number. */
    getRowCount(): { valueOf(): number };
    getCursor(columns: readonly string[]): { next(): Promise<Record<string, unknown> | null> };
    close(): Promise<void>;
  }
  class ParquetSchema {
    constructor(fields: Readonly<Record<string, { readonly type: string; readonly optional: boolean }>>);
  }
  class ParquetWriter {
    static openFile(schema: ParquetSchema, path: string): Promise<ParquetWriter>;
    /** A column that the row lacks is NULL. */
    appendRow(row: Readonly<Record<string, unknown>>): Promise<void>;
    close(): Promise<void>;
  }
  const parquet: {
    readonly ParquetReader: typeof ParquetReader;
    readonly ParquetSchema: typeof ParquetSchema;
    readonly ParquetWriter: typeof ParquetWriter;
  };
  export default parquet;
}
