/** How messages say things: instants, runs, tasks, commands, numbers. */
import { DateTime } from 'luxon';
import type { NoticeRun, TaskTrouble } from './notice.ts';

const TEXT_LENGTH_MAX = 500;

/** `2 Oct 2018, 03:42 EDT`. */
export function instant(ms: number, timezone: string): string {
  return DateTime.fromMillis(ms, { zone: timezone, locale: 'en' }).toFormat('d LLL yyyy, HH:mm ZZZZ');
}

/** `nightly 2018-10-01`, `nightly 2018-10-01 (backfill)`. */
export function runTitle({ dagId, day, kind }: NoticeRun): string {
  return `${dagId} ${day}${kind === 'scheduled' ? '' : ` (${kind})`}`;
}

/** `cleanse-events[3]`. */
export function taskTitle({ taskId, mapIndex }: Pick<TaskTrouble, 'taskId' | 'mapIndex'>): string {
  return mapIndex === -1 ? taskId : `${taskId}[${mapIndex}]`;
}

/** `cleanse-events[3], after 3 attempts: FL_DROP_CHANGED: Drop "x" …`. */
export function troubleText(task: TaskTrouble): string {
  const { code, message } = task.error;
  const text = message.length > TEXT_LENGTH_MAX ? `${message.slice(0, TEXT_LENGTH_MAX)}…` : message;
  return `${taskTitle(task)}, after ${counted(task.attempts, 'attempt')}: ${code}: ${text}`;
}

/** `1 run`, `3 runs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Command lines to type, each with a remark, the remarks below each other. */
export function commands(...lines: readonly (readonly [line: string, remark: string])[]): readonly string[] {
  const width = Math.max(...lines.map(([line]) => line.length));
  return lines.map(([line, remark]) => `./flyerline ${line.padEnd(width)}  # ${remark}`);
}

export function logsCommand({ dagId, runId }: NoticeRun, { taskId, mapIndex }: TaskTrouble) {
  const index = mapIndex === -1 ? '' : ` --map-index ${mapIndex}`;
  return [`logs ${dagId} ${runId} ${taskId}${index}`, 'what it printed'] as const;
}
