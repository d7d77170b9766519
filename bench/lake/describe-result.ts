/** The benchmark's result for people. */
import { formatBytes, formatCount, formatDuration, style, table } from '../../cli/terminal.ts';
import type { ProcessFigures } from '../support/measure-process.ts';
import type { ExportResult, LakeResult, Latency, StateResult, StoreResult } from './result.ts';

export function describeResult({
  environment,
  stores,
  states,
  export: exported,
  skipped,
}: LakeResult): string {
  const { cpuModel, cpuCount, memoryBytes, platform, node, duckdb, loadAverage } = environment;
  const parts = [
    style.dim(
      `${cpuCount} × ${cpuModel}, ${formatBytes(memoryBytes)}, ${platform}, Node.js ${node}, DuckDB ${duckdb}` +
        (loadAverage > 0.5 ? `; busy (load ${loadAverage.toFixed(1)}): times are too long` : ''),
    ),
    ...(stores.length === 0 ? [] : describeStores(stores)),
    ...(states.length === 0 ? [] : describeStates(states)),
    ...(exported === undefined ? [] : [describeExport(exported)]),
    ...skipped.map((reason) => style.yellow(`Not measured: ${reason}.`)),
  ];
  return parts.join('\n\n');
}

const align = 'right';
const both = (latency: Latency | undefined) =>
  latency && `${formatDuration(latency.medianMs)} (${formatDuration(latency.p95Ms)})`;

function describeStores(stores: readonly StoreResult[]): readonly string[] {
  return [
    `${style.bold('Publishing a partition of 1,000 rows')}, median (p95)`,
    table(stores, [
      { header: 'store', value: ({ store }) => store },
      { header: 'data file', value: ({ data }) => both(data), align },
      { header: 'claim + commit', value: ({ commit }) => both(commit), align },
      { header: 'both', value: ({ write }) => both(write), align },
      { header: 'Parquet export', value: ({ parquet }) => both(parquet), align },
      { header: 'CSV export', value: ({ csv }) => both(csv), align },
    ]),
  ];
}

function describeStates(states: readonly StateResult[]): readonly string[] {
  return [
    style.bold('State of a large table'),
    table(states, [
      { header: 'partitions', value: ({ partitions }) => formatCount(partitions), align },
      { header: 'checkpoint', value: ({ checkpointBytes }) => formatBytes(checkpointBytes), align },
      { header: 'write it', value: ({ writeCheckpointMs }) => formatDuration(writeCheckpointMs), align },
      { header: 'read cold', value: ({ coldMs }) => formatDuration(coldMs), align },
      { header: 'page, warm', value: ({ warmPageMs }) => formatDuration(warmPageMs), align },
      {
        header: 'page after a commit',
        value: ({ refreshedPageMs }) => formatDuration(refreshedPageMs),
        align,
      },
    ]),
  ];
}

function describeExport({
  rowCount,
  dataBytes,
  memoryLimitBytes,
  parquetMs,
  csvMs,
  figures,
  deltalake,
}: ExportResult): string {
  const peak = ({ peakRssBytes }: ProcessFigures) =>
    peakRssBytes === undefined ? '' : `, peak RSS ${formatBytes(peakRssBytes)}`;
  const ours =
    `${style.bold(`Export of ${formatCount(rowCount)} rows (${formatBytes(dataBytes)})`)}: Parquet, read back, ` +
    `${formatDuration(parquetMs)}; CSV ${formatDuration(csvMs)}${peak(figures)} with a limit of ${formatBytes(memoryLimitBytes)}`;
  if (typeof deltalake === 'string') return `${ours}\n${style.yellow(`Not measured: ${deltalake}.`)}`;
  return `${ours}\ndeltalake writing the same rows: ${formatDuration(deltalake.wallMs)}${peak(deltalake)}`;
}
