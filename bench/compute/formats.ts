/** The formats of drops that are measured. */

export const INPUT_FORMATS = ['csv', 'csv.gz', 'ndjson'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];
