/** Numbers for people: counts, sizes, durations, shares. */

const COUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** 20723 → `20,723`. */
export function formatCount(count: number | bigint): string {
  return COUNT.format(count);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Three digits at most: 1536 → `1.5 KiB`, 240_000_000 → `229 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** 42 → `42 ms`, 1234 → `1.2 s`, 95_000 → `1m 35s`, 7_500_000 → `2h 05m`, 100_000_000 → `1d 03h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.95) return '<1 ms';
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

/** 0.1234 → `12.3 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
