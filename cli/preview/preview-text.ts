/** Previews as text: lists, and the days of one. */
import type { PreviewStatus } from '../../lake/preview/preview-doc.ts';
import type { PreviewDay, PreviewDayStatus } from '../../tasks/preview/preview-days.ts';
import { formatCount, style, table } from '../terminal.ts';
import type { ListedPreview } from './look-at-previews.ts';

export function previewsTable(previews: readonly ListedPreview[]): string {
  if (previews.length === 0) return 'There are no previews.';
  return table(previews, [
    { header: 'Preview', value: ({ id }) => id },
    { header: 'From', value: ({ days }) => days[0] },
    { header: 'To', value: ({ days }) => days.at(-1) },
    { header: 'Days', value: ({ days }) => formatCount(days.length), align: 'right' },
    { header: 'Status', value: ({ status }) => statusText(status) },
    { header: 'Parameters', value: ({ params }) => paramsText(params), widthMax: 60 },
    { header: 'Begun', value: ({ createdAtMs }) => clock(createdAtMs) },
  ]);
}

export function previewHead({ id, days, params, status, createdAtMs }: ListedPreview): string {
  const range = days.length === 0 ? 'no days' : `${days[0]} to ${days.at(-1)}`;
  return [
    `${style.bold(`Preview ${id}`)}, ${range}  ${statusText(status)}`,
    style.dim(`begun ${clock(createdAtMs)} UTC, parameters ${paramsText(params)}`),
  ].join('\n');
}

/** Days in a row that are the same share a line. */
export function daysText(days: readonly PreviewDay[], { limit }: { readonly limit: number }): string {
  const rows: { readonly from: string; to: string; count: number; readonly day: PreviewDay }[] = [];
  for (const day of days) {
    const last = rows.at(-1);
    if (last?.day.status === day.status && last.day.reason === day.reason) {
      last.to = day.day;
      last.count += 1;
    } else rows.push({ from: day.day, to: day.day, count: 1, day });
  }
  const text = table(rows.slice(0, limit), [
    { header: 'Day', value: ({ from, to }) => (from === to ? from : `${from} … ${to}`) },
    { header: 'Days', value: ({ count }) => formatCount(count), align: 'right' },
    { header: '', value: ({ day }) => dayStatusText(day.status) },
    { header: '', value: ({ day }) => day.reason || ' ', widthMax: 120 },
  ]);
  return rows.length > limit
    ? `${text}\n${style.dim(`and ${formatCount(rows.length - limit)} more lines`)}`
    : text;
}

export function paramsText(params: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(params).filter(([name]) => name !== 'preview');
  if (given.length === 0) return 'as usual';
  return given
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

const STATUS_STYLES = {
  open: style.cyan,
  publishing: style.yellow,
  published: style.green,
  discarded: style.dim,
} as const;
const statusText = (status: PreviewStatus): string => STATUS_STYLES[status](status);

const DAY_STYLES = {
  ready: style.green,
  published: style.green,
  unchanged: style.dim,
  blocked: style.red,
  drifted: style.red,
  missing: style.yellow,
} as const;
const dayStatusText = (status: PreviewDayStatus): string => DAY_STYLES[status](status);

const clock = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
