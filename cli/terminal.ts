/** How things look on a terminal: the face of `cli/terminal/`. */
export { formatBytes, formatCount, formatDuration, formatShare } from './terminal/format.ts';
export { ProgressDisplay, type ProgressItem, type ProgressState } from './terminal/progress.ts';
export { type Style, style, styleFor } from './terminal/style.ts';
export { type Column, table } from './terminal/table.ts';
