/** Colours, left out where they would be noise: no terminal, NO_COLOR, TERM=dumb. */
import { styleText } from 'node:util';

const STYLES = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'cyan', 'underline'] as const;

export type Style = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** Styles for what is written to `stream`, which is asked each time whether it takes colours. */
export function styleFor(stream: NodeJS.WritableStream): Style {
  const entries = STYLES.map((name) => [
    name,
    (text: string) => styleText(name, text, { stream, validateStream: true }),
  ]);
  return Object.fromEntries(entries) as Style;
}

/** For standard output. */
export const style = styleFor(process.stdout);
