/** Words of the explanations. */

export function quoted(name: string): string {
  return `"${name}"`;
}

/** What somebody said, for use inside a sentence: ` (no luck)`; nothing when nothing was said. */
export function aside(text: string | undefined): string {
  return text === undefined || text === '' ? '' : ` (${text.replace(/\.$/, '')})`;
}

/** `850 ms`, `12 s`, `3 min 20 s`, `5 h 10 min`, `3 days 2 h`. */
export function inWords(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  const seconds = Math.floor(durationMs / 1000);
  const units = [
    ['days', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  const parts = units.slice(first, first + 2).map(([unit, size], position) => {
    const whole = Math.floor(position === 0 ? seconds / size : (seconds % units[first]![1]) / size);
    return [whole, unit === 'days' && whole === 1 ? 'day' : unit] as const;
  });
  return parts
    .filter(([whole]) => whole > 0)
    .map(([whole, unit]) => `${whole} ${unit}`)
    .join(' ');
}
