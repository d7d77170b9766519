/** The benchmark's result for people. */
import { formatBytes, formatCount, formatDuration, style, table } from '../../cli/terminal.ts';
import type { ExportResult, LakeResult, Latency } from './result.ts';

export function describeResult({
  environment,
  stores,
  states,
  export: exported,
  skipped,
}: LakeResult): string {
  const { cpuModel, cpuCount, memoryBytes, platform, node, duckdb, loadAverage } = environment;
  const right = 'right' as const;
  const both = (latency: Latency | undefined) =>
    latency && `${formatDuration(latency.medianMs)} (${formatDuration(latency.p95Ms)})`;
  const parts = [
    style.dim(
      `${cpuCount} × ${cpuModel}, ${formatBytes(memoryBytes)}, ${platform}, Node.js ${node}, DuckDB ${duckdb}` +
        (loadAverage > 0.5 ? `; busy (load ${loadAverage.toFixed(1)}): times are too long` : ''),
    ),
    `${style.bold('Publishing a partition of 1,000 rows')}, median (p95)`,
    table(stores, [
      { header: 'store', value: ({ store }) => store },
      { header: 'data file', value: ({ data }) => both(data), align: right },
      { header: 'claim + commit', value: ({ commit }) => both(commit), align: right },
      { header: 'both', value: ({ write }) => both(write), align: right },
      { header: 'Parquet export', value: ({ parquet }) => both(parquet), align: right },
      { header: 'CSV export', value: ({ csv }) => both(csv), align: right },
    ]),
    style.bold('State of a large table'),
    table(states, [
      { header: 'partitions', value: ({ partitions }) => formatCount(partitions), align: right },
      { header: 'checkpoint', value: ({ checkpointBytes }) => formatBytes(checkpointBytes), align: right },
      {
        header: 'write it',
        value: ({ writeCheckpointMs }) => formatDuration(writeCheckpointMs),
        align: right,
      },
      { header: 'read cold', value: ({ coldMs }) => formatDuration(coldMs), align: right },
      { header: 'page, warm', value: ({ warmPageMs }) => formatDuration(warmPageMs), align: right },
      {
        header: 'page after a commit',
        value: ({ refreshedPageMs }) => formatDuration(refreshedPageMs),
        align: right,
      },
    ]),
    ...(exported === undefined ? [] : [describeExport(exported)]),
    ...skipped.map((reason) => style.yellow(`Not measured: ${reason}.`)),
  ];
  return parts.join('\n\n');
}

function describeExport({
  rowCount,
  dataBytes,
  memoryLimitBytes,
  parquetMs,
  csvMs,
  figures,
}: ExportResult): string {
  const peak = figures.peakRssBytes === undefined ? '' : `, peak RSS ${formatBytes(figures.peakRssBytes)}`;
  return (
    `${style.bold(`Export of ${formatCount(rowCount)} rows (${formatBytes(dataBytes)})`)}: Parquet, read back, ` +
    `${formatDuration(parquetMs)}; CSV ${formatDuration(csvMs)}${peak} with a limit of ${formatBytes(memoryLimitBytes)}`
  );
}
