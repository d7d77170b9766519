/** Attempts that may start now, by priority, then first come first served; and those that may start later. */
import type { AttemptKey } from './run-events.ts';

interface Entry extends AttemptKey {
  readonly dueMs: number;
  readonly priority: number;
}

export class ReadyQueue {
  /** Both are sorted; the next one stands at the end, where taking it costs nothing. */
  readonly #due: Entry[] = [];
  readonly #later: Entry[] = [];
  /** What has not been taken or removed; a removed entry stays in its list until its turn comes. */
  readonly #alive = new Set<string>();

  add(
    { taskId, mapIndex, attempt }: AttemptKey,
    at: { readonly dueMs: number; readonly priority: number },
  ): void {
    const entry = { taskId, mapIndex, attempt, ...at };
    this.#alive.add(nameOf(entry));
    insert(this.#later, entry, ({ dueMs }) => -dueMs);
  }

  remove(key: AttemptKey): void {
    this.#alive.delete(nameOf(key));
  }

  /** Takes the next attempt that may start at `nowMs` and for which there is room, if there is one. */
  take(nowMs: number, hasRoom: (key: AttemptKey) => boolean = () => true): AttemptKey | undefined {
    for (
      let next = this.#later.at(-1);
      next !== undefined && next.dueMs <= nowMs;
      next = this.#later.at(-1)
    ) {
      insert(this.#due, next, ({ priority }) => priority);
      this.#later.pop();
    }
    for (let at = this.#due.length - 1; at >= 0; at -= 1) {
      const next = this.#due[at]!;
      const isAlive = this.#alive.has(nameOf(next));
      if (isAlive && !hasRoom(next)) continue; // It keeps its place; others pass.
      this.#due.splice(at, 1);
      if (!isAlive) continue;
      this.#alive.delete(nameOf(next));
      return next;
    }
    return undefined;
  }

  /** When something that may not start yet may; undefined when nothing waits. */
  nextDueMs(): number | undefined {
    while (this.#later.length > 0 && !this.#alive.has(nameOf(this.#later.at(-1)!))) this.#later.pop();
    return this.#later.at(-1)?.dueMs;
  }
}

/** Keeps `list` in ascending order of `rank`; among equals the newest stands first, so that the oldest is taken first. */
function insert(list: Entry[], entry: Entry, rank: (entry: Entry) => number): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rank(list[middle]!) < rank(entry)) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, entry);
}

function nameOf({ taskId, mapIndex, attempt }: AttemptKey): string {
  return `${taskId}/${mapIndex}/${attempt}`;
}
