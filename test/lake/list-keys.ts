/** Keys of a store below a prefix, in the order in which it lists them. */
import type { ObjectStore } from '../../lake/object-store.ts';

export async function listKeys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, after === undefined ? {} : { after })) keys.push(key);
  return keys;
}
