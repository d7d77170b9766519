/** A table as files that are written row by row: CSV, and Parquet with parquetjs-lite if it shall be. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import parquetjs from 'parquetjs-lite';
import { type Cell, CsvFile } from './csv-file.ts';

/** Types by column. A DATE is `YYYY-MM-DD`. */
export type Columns = Readonly<Record<string, 'UTF8' | 'DATE' | 'INT32' | 'DOUBLE'>>;

type Writer = InstanceType<typeof parquetjs.ParquetWriter>;

export class TableFile {
  readonly #columns: readonly (readonly [name: string, type: Columns[string]])[];
  readonly #csv: CsvFile;
  readonly #parquet: Writer | undefined;

  /** `<dir>/all.csv` and, with `parquet`, `<dir>/all.parquet`. */
  static async create(dir: string, columns: Columns, { parquet }: { parquet: boolean }): Promise<TableFile> {
    mkdirSync(dir, { recursive: true });
    const fields = Object.entries(columns).map(([name, type]) => [name, { type, optional: true }]);
    const writer = parquet
      ? await parquetjs.ParquetWriter.openFile(
          new parquetjs.ParquetSchema(Object.fromEntries(fields)),
          join(dir, 'all.parquet'),
        )
      : undefined;
    return new TableFile(columns, new CsvFile(join(dir, 'all.csv'), Object.keys(columns)), writer);
  }

  private constructor(columns: Columns, csv: CsvFile, parquet: Writer | undefined) {
    this.#columns = Object.entries(columns);
    this.#csv = csv;
    this.#parquet = parquet;
  }

  /** In the order of the columns; an empty text is as good as none. Resolves when there is room for more. */
  async add(cells: readonly Cell[]): Promise<void> {
    await this.#csv.add(cells);
    if (this.#parquet === undefined) return;
    const row: Record<string, unknown> = {};
    for (const [index, [name, type]] of this.#columns.entries()) {
      const cell = cells[index];
      if (cell === undefined || cell === '') continue;
      row[name] = type === 'DATE' ? new Date(cell) : cell;
    }
    await this.#parquet.appendRow(row);
  }

  async close(): Promise<void> {
    await this.#csv.close();
    await this.#parquet?.close();
  }
}
