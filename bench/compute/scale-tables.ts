/** The tables of docs/internals/how-it-scales.md, from `scale.json`: what was measured, and what follows from it for far more events. */
import { bucketsFor, chunkBytesFor, layOut } from '../../tasks/ingest/stage/layout.ts';

export interface ScaleFigures {
  readonly measured: {
    /** Null until something was measured. */
    readonly machine: string | null;
    readonly format: string;
    readonly memoryLimitMiB: number;
    readonly runs: readonly MeasuredRun[];
  };
  /** The real day: bytes as text, and as `gzip -1`. */
  readonly sample: { readonly events: number; readonly textBytes: number; readonly gzipBytes: number };
  readonly prices: {
    readonly vcpuHourUsd: number;
    readonly putPerThousandUsd: number;
    readonly getPerThousandUsd: number;
  };
}

export interface MeasuredRun {
  readonly events: number;
  readonly wallS: number | null;
  /** User and system, of all processes. */
  readonly cpuS: number | null;
  /** Of the largest process. */
  readonly peakRssMiB: number | null;
  readonly writtenMiB: number | null;
}

const MILLION = 1_000_000;
const DAYS = 365;
/** Of a bucket: what cleanse and dwell leave for each other and for the report, and the published tables of users. */
const OBJECTS_PER_BUCKET = 9;
/** Hours in which a day has to be done: from 03:15 to 06:00. */
const HOURS = 2.75;
/** Tasks wait for each other, and a fleet is never quite busy. */
const BUSY_SHARE = 0.7;

export function measuredTable({ measured }: ScaleFigures): string {
  const cell = (value: number | null, digits = 1) => (value === null ? '–' : thousands(value, digits));
  return table(
    ['events', 'wall, s', 'CPU, s', 'CPU s per million', 'peak RSS, MiB', 'written, MiB'],
    measured.runs.map(({ events, wallS, cpuS, peakRssMiB, writtenMiB }) => [
      thousands(events, 0),
      cell(wallS),
      cell(cpuS),
      cell(cpuS === null ? null : (cpuS / events) * MILLION, 2),
      cell(peakRssMiB, 0),
      cell(writtenMiB, 0),
    ]),
  );
}

/** A year of days alike. CPU is that of the largest measured run, per event; without one it is left open. */
export function extrapolatedTable(figures: ScaleFigures): string {
  const { sample, prices, measured } = figures;
  const largest = measured.runs.filter(({ cpuS }) => cpuS !== null).at(-1);
  const cpuSPerEvent = largest === undefined ? undefined : largest.cpuS! / largest.events;
  const perByte = sample.events / sample.textBytes;
  const columns = [10e12 * perByte, 1e12].map((events) => {
    const perDay = objectsOfDay(events / DAYS, measured.memoryLimitMiB);
    const coreHours = cpuSPerEvent === undefined ? undefined : (events * cpuSPerEvent) / 3600;
    const open = '–';
    return [
      thousands(events / 1e9, 0),
      thousands((events * sample.textBytes) / sample.events / 1e12, 0),
      thousands((events * sample.gzipBytes) / sample.events / 1e12, 1),
      thousands(events / DAYS / MILLION, 0),
      thousands(perDay.buckets, 0),
      coreHours === undefined ? open : thousands(coreHours, 0),
      coreHours === undefined ? open : thousands(coreHours / DAYS / HOURS / BUSY_SHARE, 1),
      coreHours === undefined ? open : thousands((coreHours / BUSY_SHARE) * prices.vcpuHourUsd, 0),
      thousands(perDay.written, 0),
      thousands(perDay.read, 0),
      thousands(
        (DAYS * (perDay.written * prices.putPerThousandUsd + perDay.read * prices.getPerThousandUsd)) / 1000,
        0,
      ),
    ];
  });
  const names = [
    'events, billions',
    'as text, TB',
    'as gzip, TB',
    'events a day, millions',
    'buckets a day',
    'core hours, the year',
    `cores, for a day to be done in ${HOURS} h`,
    'their cost, the year, USD',
    'objects put, a day',
    'objects read, a day',
    'requests to S3, the year, USD',
  ];
  const rows = names.map((name, row) => [name, ...columns.map((column) => column[row]!)]);
  return table(['a year of', '10 TB of text', '1 trillion events'], rows);
}

/** Objects that staging, cleansing and the rules put and read, by the layout that the code itself chooses. */
function objectsOfDay(events: number, memoryLimitMiB: number) {
  const textBytes = events * 110;
  const chunkBytes = chunkBytesFor(memoryLimitMiB * 2 ** 20, textBytes);
  const buckets = bucketsFor(events);
  const [ofDay] = layOut([[0, 1]], events, chunkBytes).bucketsOfDay;
  const filesPerChunk = ofDay?.[1] ?? 1;
  const chunks = Math.ceil(textBytes / chunkBytes);
  // Of each chunk a bucket reads the one file that holds it, and those of finer buckets.
  const staged = chunks * filesPerChunk;
  const read = chunks * Math.max(buckets, filesPerChunk);
  return {
    buckets,
    written: staged + buckets * OBJECTS_PER_BUCKET,
    read: read + buckets * OBJECTS_PER_BUCKET,
  };
}

function thousands(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n');
}
