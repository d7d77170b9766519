/** The last words of a command that fails: what, why and what to do; or one JSON object for programs. */
import { isFlyerlineError } from '../infra/errors.ts';
import { redact } from '../infra/redact.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { styleFor } from './terminal/style.ts';

export interface ReportOptions {
  /** One JSON object `{"error": {...}}` on stdout, where a program expects the result. */
  readonly json: boolean;
  /** Adds the stack and the causes. */
  readonly verbose: boolean;
}

/** Writes the error and returns the exit code. */
export function reportError(error: unknown, { json, verbose }: ReportOptions): number {
  const exitCode = exitCodeOf(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: asJson(error, exitCode) })}\n`);
  else process.stderr.write(`${asText(error, exitCode, verbose)}\n`);
  return exitCode;
}

function asJson(error: unknown, exitCode: number): object {
  if (isFlyerlineError(error)) {
    const { code, subject, reason, remedy, retryable } = error;
    return redact({ code, subject, reason, remedy, retryable, exitCode });
  }
  return redact({ code: 'FL_INTERNAL', reason: messageOf(error), exitCode });
}

function asText(error: unknown, exitCode: number, verbose: boolean): string {
  const style = styleFor(process.stderr);
  if (exitCode === EXIT.interrupted) return style.yellow('Interrupted.');
  const lines = isFlyerlineError(error)
    ? [
        `${style.red('✗')} ${style.bold(error.subject)} ${error.reason}`,
        `  → ${error.remedy.replaceAll('\n', '\n    ')}`,
        `  ${style.dim(`${error.code}, see docs/reference/errors.md`)}`,
      ]
    : [
        `${style.red('✗')} ${messageOf(error)}`,
        '  → This was not foreseen; please report it with the output of the same command and --verbose',
      ];
  return redact([...lines, ...(verbose ? stacksOf(error) : [])].join('\n'));
}

function stacksOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const causes = error.cause === undefined ? [] : ['  caused by', ...stacksOf(error.cause)];
  return ['', error.stack ?? error.message, ...causes];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
