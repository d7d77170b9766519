/** A row as a drop's format gives it: texts by field name, nothing judged yet. */

export const REQUIRED_FIELDS = ['timestamp', 'user_id', 'event', 'flyer_id', 'merchant_id'] as const;
export const OPTIONAL_FIELDS = ['event_id', 'seq', 'received_at'] as const;
export const FIELDS = [...REQUIRED_FIELDS, ...OPTIONAL_FIELDS] as const;

export type FieldName = (typeof FIELDS)[number];

/** Fields that the row does not have are absent. */
export type RawRow = { readonly [K in FieldName]?: string };

const NAMES: ReadonlySet<string> = new Set(FIELDS);

export function isFieldName(name: string): name is FieldName {
  return NAMES.has(name);
}
