/** The benchmark's result for people. */
import { formatBytes, formatCount, formatDuration, style, table } from '../../cli/terminal.ts';
import type { Environment } from '../support/environment.ts';
import type { Bar, ComputeResult, ContenderResult, DatasetResult, SmallDayResult } from './result.ts';

export function describeResult({ environment, datasets, smallDay, bars }: ComputeResult): string {
  const parts = [describeEnvironment(environment), ...datasets.map(describeDataset)];
  if (smallDay !== undefined) parts.push(describeSmallDay(smallDay));
  if (bars.length > 0) parts.push(describeBars(bars));
  return `\n${parts.join('\n\n')}`;
}

function describeEnvironment(environment: Environment): string {
  const { cpuModel, cpuCount, memoryBytes, platform, node, duckdb, commit, loadAverage } = environment;
  const lines = [
    `${cpuCount} × ${cpuModel}, ${formatBytes(memoryBytes)}, ${platform}`,
    `Node.js ${node}, DuckDB ${duckdb}${commit === undefined ? '' : `, commit ${commit}`}`,
  ];
  if (loadAverage > 0.5) {
    lines.push(
      style.yellow(`The machine was busy (load ${loadAverage.toFixed(1)}): wall times are too long.`),
    );
  }
  return lines.map((line) => style.dim(line)).join('\n');
}

function describeDataset({ dataset, contenders }: DatasetResult): string {
  const { rowCount, format, dropCount, bytes } = dataset;
  const title = style.bold(`${formatCount(rowCount)} events`);
  const input = style.dim(`${format}, ${dropCount} drops, ${formatBytes(bytes)}`);
  const right = 'right' as const;
  const rows = table(contenders, [
    { header: '', value: ({ state }) => SIGN[state]() },
    { header: 'contender', value: ({ name }) => name },
    {
      header: 'events/s',
      value: ({ eventsPerSecond: speed }) => speed && formatCount(Math.round(speed)),
      align: right,
    },
    { header: 'wall', value: ({ figures }) => figures && formatDuration(figures.wallMs), align: right },
    { header: '× wall', value: ({ wallRatio }) => wallRatio?.toFixed(2), align: right },
    { header: 'CPU', value: ({ figures }) => figures && formatDuration(figures.cpuMs), align: right },
    {
      header: 'peak RSS',
      value: ({ figures }) => figures?.peakRssBytes && formatBytes(figures.peakRssBytes),
      align: right,
    },
    {
      header: 'written',
      value: ({ figures }) => figures?.bytesWritten && formatBytes(figures.bytesWritten),
      align: right,
    },
    { header: '', value: (contender) => remark(contender) },
  ]);
  return [`${title}  ${input}`, rows, ...contenders.flatMap(describeStages)].join('\n');
}

const SIGN: Readonly<Record<ContenderResult['state'], () => string>> = {
  ok: () => style.green('✓'),
  different: () => style.red('≠'),
  failed: () => style.red('✗'),
  'not run': () => style.yellow('–'),
};

function remark({ state, reason, note, facts }: ContenderResult): string {
  if (state === 'ok') {
    const rows = facts === undefined ? '' : `, ${formatCount(facts.rowCount)} facts`;
    return style.dim(`${note}${rows}`);
  }
  return state === 'not run' ? style.dim(`not run: ${reason}`) : style.red(reason ?? state);
}

function describeStages({ name, stages, difference }: ContenderResult): string[] {
  const lines = (difference?.samples ?? []).map((sample) => `  ${style.red(name)}  ${sample}`);
  if (stages === undefined) return lines;
  const parts = Object.entries(stages).map(([stage, ms]) => `${stage} ${formatDuration(ms)}`);
  return [...lines, style.dim(`  ${name}: ${parts.join(', ')}`)];
}

function describeSmallDay(result: SmallDayResult): string {
  const title = style.bold('A small day');
  if (result.state === 'failed')
    return `${title}  ${style.dim(result.input)}\n${style.red(`✗ ${result.reason}`)}`;
  const { input, runs, emptyLakeMs, warmLakeMs, nothingToDoMs } = result;
  const rows = [
    { what: 'into an empty lake', ms: emptyLakeMs },
    { what: 'again with --force', ms: warmLakeMs },
    { what: 'again, nothing to do', ms: nothingToDoMs },
  ];
  return [
    `${title}  ${style.dim(`${input}, from start to exported, median of ${runs}`)}`,
    table(rows, [
      { header: 'run', value: ({ what }) => what },
      { header: 'wall', value: ({ ms }) => formatDuration(ms), align: 'right' },
    ]),
  ].join('\n');
}

function describeBars(bars: readonly Bar[]): string {
  return [
    style.bold('Bars'),
    table(bars, [
      { header: '', value: ({ isMet }) => (isMet ? style.green('✓') : style.red('✗')) },
      { header: 'bar', value: ({ title }) => title },
      { header: 'measured', value: ({ value }) => value, align: 'right' },
      { header: 'limit', value: ({ limit }) => limit, align: 'right' },
    ]),
  ].join('\n');
}
