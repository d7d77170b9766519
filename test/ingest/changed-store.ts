/** A store that does some things differently. */
import type { ObjectStore } from '../../lake/object-store.ts';

export function changedStore(store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore {
  return {
    url: store.url,
    localRoot: store.localRoot,
    head: (key) => store.head(key),
    get: (key) => store.get(key),
    read: (key, offset) => store.read(key, offset),
    list: (prefix, options) => store.list(prefix, options),
    put: (key, body, condition) => store.put(key, body, condition),
    putFile: (key, path, condition) => store.putFile(key, path, condition),
    fetchFile: (key, intoDir) => store.fetchFile(key, intoDir),
    delete: (key) => store.delete(key),
    close: () => store.close(),
    ...changes,
  };
}
