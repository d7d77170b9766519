/** A stream of text, cut into pieces of whole lines: the same pieces however the stream comes in. */
import { RAW_LENGTH_MAX } from '../parse/row-sink.ts';
import { LINE_FEED } from './inspect-lines.ts';

/** Small enough that a quote gone wrong sends few rows the slow way, large enough that files cost little. */
export const PIECE_BYTES = 4 << 20;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export type Cut =
  | {
      readonly kind: 'lines';
      /** Ends with a line feed unless it is the last. Overwritten when the next cut is asked for. */
      readonly bytes: Buffer;
      /** Whether the last line has no line feed. */
      readonly isOpen: boolean;
    }
  /** A line that is longer than a piece, as its beginning. */
  | { readonly kind: 'long line'; readonly head: string };

export async function* cutPieces(
  source: AsyncIterable<Buffer>,
  pieceBytes: number = PIECE_BYTES,
): AsyncGenerator<Cut> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes);
  let length = 0;
  let isFirst = true;
  let isInLongLine = false;

  const lines = (end: number, isOpen: boolean): Cut => {
    const bytes = buffer.subarray(0, end);
    const hasMark = isFirst && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    isFirst = false;
    return { kind: 'lines', bytes: hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes, isOpen };
  };

  for await (const chunk of source) {
    let from = 0;
    while (from < chunk.length) {
      if (isInLongLine) {
        const end = chunk.indexOf(LINE_FEED, from);
        from = end < 0 ? chunk.length : end + 1;
        isInLongLine = end < 0;
        continue;
      }
      const taken = chunk.copy(buffer, length, from);
      from += taken;
      length += taken;
      if (length < pieceBytes) continue;
      const end = buffer.lastIndexOf(LINE_FEED) + 1;
      if (end === 0) {
        isInLongLine = true;
        isFirst = false;
        length = 0;
        yield { kind: 'long line', head: buffer.toString('utf8', 0, RAW_LENGTH_MAX) };
      } else {
        yield lines(end, false);
        length = buffer.copy(buffer, 0, end, length);
      }
    }
  }
  if (length > 0) yield lines(length, buffer[length - 1] !== LINE_FEED);
}
