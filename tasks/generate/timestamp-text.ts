/** Timestamps as text, fast: everything up to the minute is remembered. */
import type { TextBuffer } from './text-buffer.ts';

const MINUTE_MS = 60_000;
/** `2018-10-01T13:54:` by minute of local time; forgotten when there are more than a few days of them. */
const minutes = new Map<number, string>();
const MINUTES_MAX = 10_000;
const SECONDS = Array.from({ length: 60 }, (_, n) => `${n}`.padStart(2, '0'));
const MILLIS = Array.from({ length: 1000 }, (_, n) => `.${`${n}`.padStart(3, '0')}`);
const offsets = new Map<number, string>();

/** `2018-10-01T13:54:59`, with `.123` when asked or when it is no whole second. @param localMs wall clock as if UTC */
export function putTimestamp(out: TextBuffer, localMs: number, millis: boolean): void {
  const minute = Math.floor(localMs / MINUTE_MS);
  const inMinute = localMs - minute * MINUTE_MS;
  const second = Math.floor(inMinute / 1000);
  const fraction = inMinute - second * 1000;
  out.put(minuteText(minute));
  out.put(SECONDS[second]!);
  if (millis || fraction !== 0) out.put(MILLIS[fraction]!);
}

/** `-04:00`, or `Z`. */
export function putOffset(out: TextBuffer, offsetMs: number): void {
  let text = offsets.get(offsetMs);
  if (text === undefined) {
    const clock = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16);
    text = offsetMs === 0 ? 'Z' : `${offsetMs < 0 ? '-' : '+'}${clock}`;
    offsets.set(offsetMs, text);
  }
  out.put(text);
}

function minuteText(minute: number): string {
  const known = minutes.get(minute);
  if (known !== undefined) return known;
  if (minutes.size >= MINUTES_MAX) minutes.clear();
  const text = new Date(minute * MINUTE_MS).toISOString().slice(0, 17);
  minutes.set(minute, text);
  return text;
}
