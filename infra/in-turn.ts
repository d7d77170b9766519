/** Makes calls of a function wait for each other. */

/** As `work`, but one call at a time in this process, in the order of the calls. One that fails does not keep the next from its turn. */
export function inTurn<Args extends readonly unknown[], R>(
  work: (...args: Args) => Promise<R>,
): (...args: Args) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const mine = last.then(() => work(...args));
    last = mine.catch(() => {});
    return mine;
  };
}
