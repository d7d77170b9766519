/** Does something again and again, one at a time, until it is stopped. */

export interface Repetition {
  /** Lets the one that runs end, and starts no other. */
  stop(): Promise<void>;
}

/**
 * Calls `work` now and then `pauseMs` after each end, or sooner when it returns a number of ms. What it throws is handed to
 * `onError`; the next call comes all the same.
 */
export function every(
  pauseMs: number,
  work: () => Promise<number | undefined>,
  onError: (error: unknown) => void,
): Repetition {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const once = async () => {
    let soonerMs: number | undefined;
    try {
      soonerMs = await work();
    } catch (error) {
      if (!stopped) onError(error);
    }
    if (!stopped) timer = setTimeout(next, Math.max(1, Math.min(pauseMs, soonerMs ?? pauseMs)));
  };
  let current = once();
  function next(): void {
    current = once();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
