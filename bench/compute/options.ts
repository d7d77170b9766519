/** What one can ask of the compute benchmark. */
import { InvalidArgumentError } from 'commander';
import { parseBytes } from '../../cli/parse-bytes.ts';
import { parseCount } from '../../cli/parse-number.ts';
import { INPUT_FORMATS, type InputFormat } from './formats.ts';

export const PEERS = ['duckdb', 'duckdb-whole', 'node', 'node-csv', 'polars', 'pyspark'] as const;
export type PeerName = (typeof PEERS)[number];

export interface ComputeOptions {
  /** Rows to generate, each a day of its own. */
  readonly events: readonly number[];
  readonly formats: readonly InputFormat[];
  readonly peers: readonly PeerName[];
  /** Of Flyerline, bytes; the first one is what the others are compared with. */
  readonly memoryLimits: readonly number[];
  /** Runs of each contender; undefined: 3 up to 10 M events, 1 above. */
  readonly runs?: number;
  /** Measure how long the small real day takes, too. */
  readonly smallDay: boolean;
  /** Outputs of the last runs go here, and stay. */
  readonly keep?: string;
  readonly json?: boolean;
}

/** `1M,10M` → counts. These parsers throw what commander reports as a wrong option. */
export function parseCounts(text: string): number[] {
  return items(text).map(parseCount);
}

export function parseFormats(text: string): InputFormat[] {
  return items(text).map((item) => oneOf(item, INPUT_FORMATS));
}

/** `none` → no peers. */
export function parsePeers(text: string): PeerName[] {
  return text === 'none' ? [] : items(text).map((item) => oneOf(item, PEERS));
}

export function parseMemoryLimits(text: string): number[] {
  return items(text).map(parseBytes);
}

function items(text: string): string[] {
  const found = text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  if (found.length === 0) throw new InvalidArgumentError('It must name at least one.');
  return [...new Set(found)];
}

function oneOf<T extends string>(item: string, known: readonly T[]): T {
  const found = known.find((name) => name === item);
  if (found === undefined) throw new InvalidArgumentError(`"${item}" is none of ${known.join(', ')}.`);
  return found;
}
