/** Who sends drops: apps and their back ends, each with a format, a rhythm and habits of its own. */
import { HOUR_MS } from './zones.ts';

export const DROP_SHAPES = ['csv', 'ndjson', 'json', 'xml'] as const;
export type DropShape = (typeof DROP_SHAPES)[number];
export const DROP_CODECS = ['', '.gz', '.zst'] as const;
export type DropCodec = (typeof DROP_CODECS)[number];
/** `csv`, `csv.gz`, … `xml.zst`. */
export type DropFormat = `${DropShape}${DropCodec}`;

export const DROP_FORMATS: readonly DropFormat[] = DROP_SHAPES.flatMap((shape) =>
  DROP_CODECS.map((codec): DropFormat => `${shape}${codec}`),
);

export type FieldName = 'timestamp' | 'user_id' | 'event' | 'flyer_id' | 'merchant_id' | ExtraField;
export type ExtraField = 'event_id' | 'seq' | 'received_at';

const BASE_FIELDS = ['timestamp', 'user_id', 'event', 'flyer_id', 'merchant_id'] as const;

export interface Producer {
  readonly name: string;
  readonly shape: DropShape;
  readonly codec: DropCodec;
  /** In the order in which they are written. */
  readonly fields: readonly FieldName[];
  /** A drop holds the events that arrived in so many hours. */
  readonly cadenceMs: number;
  /** Share of the users. */
  readonly share: number;
  /** Share of its users whose app version sends flyer_close. */
  readonly closeShare: number;
  /** Whether it stamps milliseconds; else whole seconds. */
  readonly millis: boolean;
  /** How it spells an unknown id when it does not leave it out (rule R2). */
  readonly nullSpellings: readonly string[];
  /** CSV: lines end with CR LF, and the last one with nothing. */
  readonly crlf?: boolean;
  /** CSV: every field is quoted. */
  readonly quoted?: boolean;
  /** JSON: ids are numbers. */
  readonly numericIds?: boolean;
  /** XML: fields are child elements, not attributes. */
  readonly children?: boolean;
}

/** The mix of a real landing zone: every format the pipeline reads, and every habit it has to bear with. */
export const MIXED_PRODUCERS: readonly Producer[] = [
  {
    name: 'android',
    shape: 'csv',
    codec: '.gz',
    fields: BASE_FIELDS,
    cadenceMs: 3 * HOUR_MS,
    share: 0.4,
    closeShare: 0.5,
    millis: false,
    nullSpellings: ['null', '%3Cnull%3G', 'NULL'],
  },
  {
    name: 'ios',
    shape: 'ndjson',
    codec: '.gz',
    fields: [...BASE_FIELDS, 'event_id', 'seq', 'received_at'],
    cadenceMs: 4 * HOUR_MS,
    share: 0.3,
    closeShare: 1,
    millis: true,
    nullSpellings: ['<null>', 'nil'],
  },
  {
    name: 'web',
    shape: 'json',
    codec: '',
    fields: BASE_FIELDS,
    cadenceMs: 8 * HOUR_MS,
    share: 0.12,
    closeShare: 0,
    millis: true,
    nullSpellings: ['undefined', 'NaN'],
    numericIds: true,
  },
  {
    name: 'kiosk',
    shape: 'csv',
    codec: '.zst',
    fields: ['merchant_id', 'flyer_id', 'event', 'timestamp', 'user_id'],
    cadenceMs: 12 * HOUR_MS,
    share: 0.08,
    closeShare: 1,
    millis: false,
    nullSpellings: ['\\N', 'N/A'],
    quoted: true,
  },
  {
    name: 'partner',
    shape: 'xml',
    codec: '',
    fields: BASE_FIELDS,
    cadenceMs: 12 * HOUR_MS,
    share: 0.03,
    closeShare: 0,
    millis: false,
    nullSpellings: ['None', '%3CNone%3E', '<null>'],
  },
  {
    name: 'outlet',
    shape: 'xml',
    codec: '.gz',
    fields: BASE_FIELDS,
    cadenceMs: 24 * HOUR_MS,
    share: 0.03,
    closeShare: 1,
    millis: false,
    nullSpellings: ['nan', 'null'],
    children: true,
  },
  {
    name: 'legacy',
    shape: 'csv',
    codec: '',
    fields: ['event', 'user_id', 'timestamp', 'merchant_id', 'flyer_id'],
    cadenceMs: 24 * HOUR_MS,
    share: 0.04,
    closeShare: 0,
    millis: false,
    nullSpellings: ['NULL', 'n/a'],
    crlf: true,
  },
];

/** One producer that sends everything, hourly: for measuring one format. */
export function singleProducer(format: DropFormat): Producer {
  const [shape, codec] = format.split('.') as [DropShape, string | undefined];
  return {
    name: 'app',
    shape,
    codec: codec === undefined ? '' : (`.${codec}` as DropCodec),
    fields: BASE_FIELDS,
    cadenceMs: HOUR_MS,
    share: 1,
    closeShare: 0.5,
    millis: false,
    nullSpellings: ['null', '%3Cnull%3G', 'NULL', '<null>', 'None', '\\N'],
  };
}
