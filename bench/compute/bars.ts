/** The bars: what the project promises of its speed and memory, held against what was measured. */
import { formatBytes, formatCount, formatDuration } from '../../cli/terminal.ts';
import type { Bar, ContenderResult, DatasetResult, SmallDayResult, SmallDayTimes } from './result.ts';

const MILLION = 1_000_000;
const GIB = 1024 ** 3;

/** Only those whose figures were measured. */
export function judge(datasets: readonly DatasetResult[], smallDay: SmallDayResult | undefined): Bar[] {
  return [
    ...datasets.flatMap(againstPeers),
    ...datasets.flatMap(memory),
    ...linearity(datasets),
    ...(smallDay?.state === 'ok' ? [latency(smallDay)] : []),
  ];
}

function againstPeers(result: DatasetResult): Bar[] {
  const flyerline = find(result, 'flyerline');
  if (flyerline === undefined || result.dataset.events < 10 * MILLION) return [];
  const bars: Bar[] = [];
  const duckdb = find(result, 'duckdb');
  if (duckdb !== undefined) {
    const ratio = flyerline.figures.wallMs / duckdb.figures.wallMs;
    bars.push(bar(`${nameOf(result)}: the whole day ÷ the bare DuckDB script`, ratio, '≤', 1.25, times));
  }
  for (const [name, factor] of [
    ['pyspark', 5],
    ['node', 10],
  ] as const) {
    const peer = find(result, name);
    if (peer === undefined) continue;
    const ratio = peer.figures.wallMs / flyerline.figures.wallMs;
    bars.push(bar(`${nameOf(result)}: ${name} ÷ the whole day`, ratio, '≥', factor, times));
  }
  return bars;
}

function memory(result: DatasetResult): Bar[] {
  if (result.dataset.events < 50 * MILLION) return [];
  const bars: Bar[] = [];
  const peakBytes = find(result, 'flyerline')?.figures.peakRssBytes;
  if (peakBytes !== undefined) {
    bars.push(
      bar(
        `${nameOf(result)}: largest process, limit 1 GiB`,
        peakBytes,
        '≤',
        1.5 * GIB,
        (bytes) => `${(bytes / GIB).toFixed(2)} GiB`,
      ),
    );
  }
  const small = result.contenders.find(({ name }) => name === `flyerline ${formatBytes(GIB / 2)}`);
  if (small !== undefined && small.state !== 'not run') {
    const isMet = small.state === 'ok';
    bars.push({
      title: `${nameOf(result)}: works with a limit of 512 MiB`,
      value: isMet ? 'it does' : 'it does not',
      limit: 'it does',
      isMet,
    });
  }
  return bars;
}

function linearity(datasets: readonly DatasetResult[]): Bar[] {
  return datasets.flatMap((large) => {
    const { events, format } = large.dataset;
    const small = datasets.find(
      ({ dataset }) => dataset.format === format && dataset.events * 5 === events && events === 50 * MILLION,
    );
    const [longer, shorter] = [large, small].map((result) => result && find(result, 'flyerline'));
    if (longer === undefined || shorter === undefined) return [];
    const ratio = longer.figures.wallMs / shorter.figures.wallMs;
    return [bar(`${format}: 50 M events ÷ 10 M events`, ratio, '≤', 5.5, times)];
  });
}

function latency({ input, emptyLakeMs }: SmallDayTimes): Bar {
  return bar(`${input}: from start to exported`, emptyLakeMs, '≤', 2_000, formatDuration);
}

function bar(
  title: string,
  value: number,
  relation: '≤' | '≥',
  limit: number,
  format: (value: number) => string,
): Bar {
  return {
    title,
    value: format(value),
    limit: `${relation} ${format(limit)}`,
    isMet: relation === '≤' ? value <= limit : value >= limit,
  };
}

function find(
  { contenders }: DatasetResult,
  name: string,
): (ContenderResult & { figures: NonNullable<ContenderResult['figures']> }) | undefined {
  const found = contenders.find((contender) => contender.name === name && contender.state === 'ok');
  return found?.figures === undefined ? undefined : { ...found, figures: found.figures };
}

function nameOf({ dataset }: DatasetResult): string {
  return `${formatCount(dataset.events / MILLION)} M ${dataset.format}`;
}

const times = (ratio: number) => `${ratio.toFixed(2)} ×`;
