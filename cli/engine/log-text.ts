/** A line of an attempt's log for people. */
import { style } from '../terminal.ts';

/** What a task logs is a JSON object a line; what it prints is any text. */
export function logText(line: string): string {
  const fields = parse(line);
  if (fields === undefined) return line;
  const {
    time,
    level,
    message,
    dagId: _d,
    runId: _r,
    taskId: _t,
    mapIndex: _m,
    attempt: _a,
    ...rest
  } = fields;
  const details = Object.entries(rest).map(([name, value]) => style.dim(`${name}=${plain(value)}`));
  return [style.dim(String(time).slice(11, 23)), levelText(String(level)), String(message), ...details].join(
    ' ',
  );
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'message' in value
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function levelText(level: string): string {
  const padded = level.padEnd(5);
  if (level === 'error') return style.red(padded);
  return level === 'warn' ? style.yellow(padded) : style.cyan(padded);
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
