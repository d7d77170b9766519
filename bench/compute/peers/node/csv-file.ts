/** A CSV file, written row by row. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

export type Cell = string | number | undefined;

export class CsvFile {
  readonly #stream;

  constructor(path: string, columns: readonly string[]) {
    this.#stream = createWriteStream(path);
    this.#stream.write(`${columns.join(',')}\n`);
  }

  /** Resolves when there is room for more. */
  async add(cells: readonly Cell[]): Promise<void> {
    const line = `${cells.map((cell) => cell ?? '').join(',')}\n`;
    if (!this.#stream.write(line)) {
      await new Promise<void>((resolve) => this.#stream.once('drain', resolve));
    }
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}
