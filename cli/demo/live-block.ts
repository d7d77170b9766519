/** Lines that are redrawn in place while something goes on; elsewhere than on a terminal, only news are written. */
import type { ProgressStream } from '../terminal/progress.ts';
import { displayWidth, truncate } from '../terminal/width.ts';

const FRAME_MS = 100;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

export class LiveBlock implements Disposable {
  readonly #stream: ProgressStream;
  readonly #draw: (frame: number) => readonly string[];
  readonly live: boolean;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;
  #linesShown = 0;
  readonly #restoreCursor = () => this.#stream.write(SHOW_CURSOR);

  /** @param draw gives the lines as they are now. */
  constructor(draw: (frame: number) => readonly string[], stream: ProgressStream = process.stdout) {
    this.#draw = draw;
    this.#stream = stream;
    this.live = stream.isTTY === true && process.env.TERM !== 'dumb' && process.env.CI === undefined;
    if (!this.live) return;
    stream.write(HIDE_CURSOR);
    process.on('exit', this.#restoreCursor);
    this.#timer = setInterval(() => this.#redraw(), FRAME_MS);
    this.#redraw();
  }

  /** Where nothing is redrawn, a line that stays. */
  news(line: string): void {
    if (!this.live) this.#stream.write(`${line}\n`);
  }

  /** Takes the lines away and gives the terminal back. Safe to call twice. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.off('exit', this.#restoreCursor);
    this.#erase();
    this.#restoreCursor();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #redraw(): void {
    const width = (this.#stream.columns ?? 80) - 1;
    const lines = this.#draw(this.#frame++).map((line) =>
      displayWidth(line) > width ? truncate(line, width) : line,
    );
    this.#erase();
    this.#stream.write(lines.map((line) => `${line}\n`).join(''));
    this.#linesShown = lines.length;
  }

  #erase(): void {
    if (this.#linesShown > 0) this.#stream.write(`\x1b[${this.#linesShown}A\x1b[0J`);
    this.#linesShown = 0;
  }
}
