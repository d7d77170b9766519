/** The log: structured lines on stderr, for people (`pretty`) or for programs (`json`), secrets left out. */
import { styleText } from 'node:util';
import { redact } from './redact.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'pretty' | 'json';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** An `Error` belongs in `fields.error`: it is written with its code, stack and causes. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export interface LogOptions {
  /** Lines below this level are dropped. @default 'info' */
  readonly level?: LogLevel;
  /** @default 'pretty' */
  readonly format?: LogFormat;
  /** Which part of the program speaks: `worker`, `scheduler`. */
  readonly name?: string;
  /** Takes one line without its newline. @default to stderr */
  readonly write?: (line: string) => void;
}

export function createLogger(options: LogOptions = {}): Logger {
  const { level = 'info', format = 'pretty', name, write = writeToStderr } = options;
  const threshold = LOG_LEVELS.indexOf(level);
  const toLine = format === 'json' ? jsonLine : prettyLine;
  return loggerWith(name === undefined ? {} : { name });

  function loggerWith(bound: LogFields): Logger {
    const at = (lineLevel: LogLevel) => {
      if (LOG_LEVELS.indexOf(lineLevel) < threshold) return () => {};
      return (message: string, fields?: LogFields) =>
        write(toLine(lineLevel, redact(message), redact({ ...bound, ...fields })));
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => loggerWith({ ...bound, ...fields }),
    };
  }
}

export const silentLogger: Logger = createLogger({ level: 'silent' });

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, bigintsAsText);
}

const LEVEL_STYLE = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red', silent: 'dim' } as const;

function prettyLine(level: LogLevel, message: string, { name, error, ...fields }: LogFields): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: process.stderr });
  const parts = [
    style('dim', new Date().toISOString().slice(11, 23)),
    style(LEVEL_STYLE[level], level.padEnd(5)),
    ...(name === undefined ? [] : [style('bold', String(name))]),
    message,
    ...Object.entries(fields).map(([key, value]) => style('dim', `${key}=${plainValue(value)}`)),
  ];
  return error === undefined ? parts.join(' ') : `${parts.join(' ')}\n${indent(plainError(error))}`;
}

function plainValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value)
    ? value
    : (JSON.stringify(value, bigintsAsText) ?? String(value));
}

/** `redact` has made a plain object of the error: its stack is the most telling part. */
function plainError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { stack, message, cause } = error as Record<string, unknown>;
  const own = String(stack ?? message ?? plainValue(error));
  return cause === undefined ? own : `${own}\ncaused by ${plainError(cause)}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function writeToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
