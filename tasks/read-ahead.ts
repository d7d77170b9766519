/** Does things in parallel and gives the results in order. */

export interface ReadAheadLimits<T> {
  /** Results that are under way or waiting to be taken. */
  readonly atOnce: number;
  /** Weight of all of them together; one is always under way. @default no limit */
  readonly weightMax?: number;
  readonly weightOf?: (item: T) => number;
}

/** A failure is thrown in its turn; what is under way then is waited for. */
export async function* readAhead<T, R>(
  items: readonly T[],
  { atOnce, weightMax = Number.POSITIVE_INFINITY, weightOf = () => 0 }: ReadAheadLimits<T>,
  read: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: { readonly weight: number; readonly result: Promise<R> }[] = [];
  let weight = 0;
  let next = 0;
  try {
    while (pending.length > 0 || next < items.length) {
      while (next < items.length && pending.length < atOnce) {
        const ofNext = weightOf(items[next]!);
        if (pending.length > 0 && weight + ofNext > weightMax) break;
        const result = read(items[next]!);
        result.catch(() => {});
        pending.push({ weight: ofNext, result });
        weight += ofNext;
        next += 1;
      }
      const first = pending.shift()!;
      yield await first.result;
      weight -= first.weight;
    }
  } finally {
    await Promise.allSettled(pending.map(({ result }) => result));
  }
}
