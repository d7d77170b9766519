/** A Parquet file of a table's partition, as the table log will name it. */
export interface DataFile {
  /** Key in the store: `tables/<table>/dt=D/<token>-<bucket>.parquet`. */
  readonly key: string;
  readonly rowCount: number;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}
