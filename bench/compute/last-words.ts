/** What a contender says at its end, in its last line: where its time went, or why it failed. */
import type { MeasuredProcess } from '../support/measure-process.ts';

/** Of a peer, and of `./flyerline run --json`. */
interface Report {
  readonly stages?: Readonly<Record<string, number>>;
  readonly tasks?: readonly { readonly taskId: string; readonly durationMs: number }[];
  readonly reason?: string;
  readonly error?: { readonly reason?: string };
}

/** Wall time by stage, ms; the instances of a mapped task are added up. */
export function stagesOf({ stdout }: MeasuredProcess): Readonly<Record<string, number>> | undefined {
  const report = reportOf(stdout);
  if (report?.tasks === undefined) return report?.stages;
  const stages: Record<string, number> = {};
  for (const { taskId, durationMs } of report.tasks) stages[taskId] = (stages[taskId] ?? 0) + durationMs;
  return stages;
}

export function failureOf({ exitCode, isTimedOut, stdout, stderr }: MeasuredProcess): string {
  if (isTimedOut) return 'it took too long';
  const report = reportOf(stdout);
  const said = report?.reason ?? report?.error?.reason ?? lastLine(stderr);
  return `exit code ${exitCode}: ${said.slice(0, 300)}`;
}

function reportOf(stdout: string): Report | undefined {
  try {
    return JSON.parse(lastLine(stdout)) as Report;
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
