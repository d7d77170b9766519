/** What the notifier remembers: named JSON values, read at once, changed in a draft, written at once. */

export interface Ledger {
  get<T>(field: string): T | undefined;
  /** Undefined forgets it. */
  set(field: string, value: unknown): void;
  /** Fields with this beginning, as they are now. */
  list<T>(prefix: string): readonly (readonly [field: string, value: T])[];
  /** What is to be written. */
  changes(): LedgerChanges;
}

export interface LedgerChanges {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
}

/** @param stored field → JSON, as it was read. */
export function openLedger(stored: Readonly<Record<string, string>> = {}): Ledger {
  const texts = new Map(Object.entries(stored));
  const changed = new Map<string, string | undefined>();
  return {
    get<T>(field: string) {
      const text = texts.get(field);
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    set(field, value) {
      const text = value === undefined ? undefined : JSON.stringify(value);
      if (text === texts.get(field)) return;
      changed.set(field, text);
      if (text === undefined) texts.delete(field);
      else texts.set(field, text);
    },
    list<T>(prefix: string) {
      return [...texts]
        .filter(([field]) => field.startsWith(prefix))
        .map(([field, text]) => [field, JSON.parse(text) as T] as const);
    },
    changes: () => ({
      set: Object.fromEntries([...changed].filter(([, text]) => text !== undefined)) as Record<
        string,
        string
      >,
      unset: [...changed].filter(([, text]) => text === undefined).map(([field]) => field),
    }),
  };
}
