/** One line of the progress display. */
import { formatDuration } from './format.ts';
import type { ProgressState, TimedItem } from './progress.ts';
import type { Style } from './style.ts';
import { padEnd } from './width.ts';

export interface RenderContext {
  readonly nowMs: number;
  /** Counts redraws; turns the spinner. */
  readonly frame: number;
  readonly style: Style;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const BAR_WIDTH = 16;
const LABEL_WIDTH = 28;

/** `⠹ dwell            ████████░░░░░░░░  50 %  1.2 s  3 of 6 buckets` */
export function renderItem(item: TimedItem, { nowMs, frame, style }: RenderContext): string {
  const sign =
    item.state === 'running' ? style.cyan(SPINNER[frame % SPINNER.length]!) : signOf(item.state, style);
  const label = padEnd(item.label, LABEL_WIDTH);
  const parts = [
    `${sign} ${item.state === 'waiting' ? style.dim(label) : label}`,
    item.state === 'running' ? bar(item, style) : '',
    elapsed(item, nowMs, style),
    noteOf(item, style),
  ];
  return parts
    .filter((part) => part !== '')
    .join('  ')
    .trimEnd();
}

/** `✓ dwell  1.2 s  6 buckets`: no redraw, no bar. */
export function renderPlain(item: TimedItem, style: Style): string {
  const parts = [
    `${signOf(item.state, style)} ${item.label}`,
    item.state === 'running' ? '' : elapsed(item, Date.now(), style),
    noteOf(item, style),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function signOf(state: ProgressState, style: Style): string {
  switch (state) {
    case 'waiting':
      return style.dim('·');
    case 'running':
      return style.cyan('▸');
    case 'done':
      return style.green('✓');
    case 'failed':
      return style.red('✗');
    case 'skipped':
      return style.yellow('–');
  }
}

function bar({ done, total }: TimedItem, style: Style): string {
  if (done === undefined || total === undefined || total <= 0) return '';
  const share = Math.min(1, Math.max(0, done / total));
  const filled = Math.round(share * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `${style.cyan('█'.repeat(filled))}${style.dim('░'.repeat(BAR_WIDTH - filled))} ${percent}`;
}

function elapsed({ startedAtMs, endedAtMs }: TimedItem, nowMs: number, style: Style): string {
  return startedAtMs === undefined
    ? ''
    : style.dim(formatDuration((endedAtMs ?? nowMs) - startedAtMs).padStart(6));
}

function noteOf({ note, state }: TimedItem, style: Style): string {
  if (note === undefined || note === '') return '';
  return state === 'failed' ? style.red(note) : style.dim(note);
}
