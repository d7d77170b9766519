/** An asset: a named dataset, and the type of the reference by which tasks pass it on. */

declare const refType: unique symbol;

/**
 * A named dataset. `Ref` is what stands for it in a run: a small JSON value that says where the data is, never the rows.
 * Two assets of different names never fit each other, whatever their references look like.
 */
export interface Asset<Name extends string = string, Ref = unknown> {
  readonly name: Name;
  /** Carries the reference's type; never set. */
  readonly [refType]?: Ref;
}

/** The reference of an asset: `RefOf<typeof cleanEvents>`. */
export type RefOf<A extends Asset> = A extends Asset<string, infer Ref> ? Ref : never;

/** One element of a reference that is a list. */
export type ElementOf<Ref> = Ref extends readonly (infer Element)[] ? Element : never;

/** Names an asset: `asset<readonly CleanRef[]>()('clean_events')`. Called twice so that the name's literal type is kept. */
export function asset<Ref>(): <const Name extends string>(name: Name) => Asset<Name, Ref> {
  return (name) => Object.freeze({ name });
}

/** What a task makes that only matters by having run. */
export const nothing = asset<void>()('nothing');
export type Nothing = typeof nothing;
