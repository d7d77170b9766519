/** Shows work in progress: live lines on a terminal, one plain line per change elsewhere. */
import { renderItem, renderPlain } from './progress-line.ts';
import { type Style, styleFor } from './style.ts';
import { truncate } from './width.ts';

export type ProgressState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

export interface ProgressItem {
  readonly label: string;
  readonly state: ProgressState;
  /** With `total`: a bar and a percentage. */
  readonly done?: number;
  readonly total?: number;
  /** One short phrase behind the label: `3 of 8 buckets`, the reason of a skip. */
  readonly note?: string;
}

/** What an item shows besides what it was told: when it began and ended. */
export interface TimedItem extends ProgressItem {
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const FRAME_MS = 80;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** Items appear in the order of their first `update`. Call `stop` at the end, also after an error. */
export class ProgressDisplay implements Disposable {
  readonly #stream: ProgressStream;
  readonly #style: Style;
  readonly #live: boolean;
  readonly #items = new Map<string, TimedItem>();
  #timer: NodeJS.Timeout | undefined;
  #linesShown = 0;
  #frame = 0;
  readonly #restoreCursor = () => this.#stream.write(SHOW_CURSOR);

  /** @param stream is stderr by default, so that stdout stays for results. */
  constructor(stream: ProgressStream = process.stderr) {
    this.#stream = stream;
    this.#style = styleFor(stream);
    this.#live = stream.isTTY === true && process.env.TERM !== 'dumb' && process.env.CI === undefined;
  }

  /** Adds the item `id`, or changes what is given of it. */
  update(id: string, change: Partial<ProgressItem>): void {
    const before = this.#items.get(id);
    const item = timed(before, { label: id, state: 'waiting', ...before, ...change });
    this.#items.set(id, item);
    if (this.#live) this.#start();
    else if (item.state !== before?.state && item.state !== 'waiting') {
      this.#stream.write(`${renderPlain(item, this.#style)}\n`);
    }
  }

  /** Writes lines that stay, above the live ones. */
  log(text: string): void {
    this.#erase();
    this.#stream.write(`${text}\n`);
    if (this.#timer !== undefined) this.#draw();
  }

  /** Draws the last state and gives the terminal back. Safe to call twice. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.off('exit', this.#restoreCursor);
    this.#erase();
    for (const item of this.#items.values()) this.#stream.write(`${this.#render(item)}\n`);
    this.#linesShown = 0;
    this.#restoreCursor();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#stream.write(HIDE_CURSOR);
    process.on('exit', this.#restoreCursor);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#timer.unref();
    this.#draw();
  }

  #draw(): void {
    this.#frame++;
    const lines = this.#fitting().map((item) => `${this.#render(item)}\n`);
    this.#erase();
    this.#stream.write(lines.join(''));
    this.#linesShown = lines.length;
  }

  #render(item: TimedItem): string {
    const line = renderItem(item, { nowMs: Date.now(), frame: this.#frame, style: this.#style });
    return truncate(line, (this.#stream.columns ?? 80) - 1);
  }

  #erase(): void {
    if (this.#linesShown > 0) this.#stream.write(`\x1b[${this.#linesShown}A\x1b[0J`);
    this.#linesShown = 0;
  }

  /** What has scrolled out of the window cannot be redrawn: of too many items, the running ones are shown first. */
  #fitting(): TimedItem[] {
    const items = [...this.#items.values()];
    const room = Math.max(1, (this.#stream.rows ?? 24) - 2);
    if (items.length <= room) return items;
    const rank = ({ state }: TimedItem) => (state === 'running' ? 0 : state === 'failed' ? 1 : 2);
    const chosen = new Set(items.toSorted((a, b) => rank(a) - rank(b)).slice(0, room));
    return items.filter((item) => chosen.has(item));
  }
}

function timed(before: TimedItem | undefined, item: ProgressItem): TimedItem {
  const nowMs = Date.now();
  const restarted = item.state === 'running' && before?.state !== 'running';
  const startedAtMs = item.state === 'waiting' ? undefined : restarted ? nowMs : before?.startedAtMs;
  const isOver = item.state !== 'waiting' && item.state !== 'running';
  return { ...item, startedAtMs, endedAtMs: isOver ? (before?.endedAtMs ?? nowMs) : undefined };
}
