/** A run's report for people. */
import { checkId } from '../../tasks/checks/check-result.ts';
import { formatBytes, formatCount, formatDuration, style, table } from '../terminal.ts';
import type { RunReport } from './run-report.ts';

export function describeReport(report: RunReport): string {
  const parts = [headline(report)];
  if (report.rows !== undefined) parts.push(rowsLine(report.rows));
  parts.push(...report.warnings.map(warningLine));
  if (report.tables.length > 0) parts.push('', tablesTable(report));
  if (report.files.length > 0) parts.push('', whereLines(report));
  return ['', ...parts].join('\n');
}

function headline(report: RunReport): string {
  const { dagId, day, state, outcome, reason, durationMs } = report;
  const took = style.dim(`in ${formatDuration(durationMs)}`);
  if (state !== 'success') {
    const what = [report.failedTask, reason].filter((part) => part !== undefined).join(': ');
    return `${style.red('✗')} ${style.bold(`${dagId} ${day} failed`)} ${took}\n  ${what}\n  ${style.dim(report.code ?? '')}`;
  }
  const said = {
    published: 'published',
    staged: `computed aside, as preview ${report.preview}`,
    unchanged: 'computed again: the same bytes, nothing replaced',
    'nothing to do': reason ?? 'nothing to do',
    failed: 'failed',
  }[outcome];
  return `${style.green('✓')} ${style.bold(`${dagId} ${day}`)} ${said} ${took}`;
}

function rowsLine({ read, kept, duplicate, rejected }: NonNullable<RunReport['rows']>): string {
  const [a, b, c, d] = [read, kept, duplicate, rejected].map(formatCount);
  return `  ${a} rows read = ${b} kept + ${c} duplicate + ${d} rejected`;
}

function warningLine(warning: RunReport['warnings'][number]): string {
  const accepted = warning.isAccepted === true ? ' (accepted)' : '';
  return `  ${style.yellow('!')} ${checkId(warning)}: ${warning.detail}${accepted}`;
}

function tablesTable({ tables }: RunReport): string {
  return table(tables, [
    { header: 'table', value: (row) => row.table },
    { header: 'version', value: (row) => row.version, align: 'right' },
    { header: 'rows', value: (row) => formatCount(row.rowCount), align: 'right' },
    { header: 'size', value: (row) => formatBytes(row.size), align: 'right' },
    {
      header: '',
      value: (row) => (row.outcome === 'committed' ? style.green('new') : style.dim(row.outcome)),
    },
  ]);
}

function whereLines({ lake, day, tables }: RunReport): string {
  const table = tables.some((row) => row.table === 'user_day') ? 'user_day' : tables[0]?.table;
  const root = lake.replace(/\/$/, '');
  return [
    `${style.dim('csv')}      ${root}/current/csv/${table}/dt=${day}/${table}.csv`,
    `${style.dim('parquet')}  ${root}/current/parquet/${table}/dt=${day}/${table}.parquet`,
    `${style.dim('delta')}    ${root}/tables/${table}`,
  ].join('\n');
}
