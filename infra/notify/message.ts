/** A message to people: what, why, since when, and what to do; no links, so it reads the same on a pager and in a terminal. */
import type { NoticeKind } from '../config-notify.ts';

export interface Message {
  /** The same again when a delivery is repeated, so that receivers can tell. */
  readonly id: string;
  readonly kind: NoticeKind | 'test';
  /** `ok`: something is well again. */
  readonly severity: 'error' | 'warning' | 'info' | 'ok';
  /** One line; begins with the label of the installation. */
  readonly subject: string;
  readonly what: string;
  readonly why?: string;
  readonly since?: string;
  /** Commands to type, each with a remark behind `#`. */
  readonly todo: readonly string[];
  readonly about: MessageSubject;
  /** When it happened: ISO 8601, UTC. */
  readonly at: string;
}

/** What a message is about, for programs. */
export interface MessageSubject {
  readonly dagId?: string;
  readonly runId?: string;
  readonly taskId?: string;
  /** Local day of the run or partition, `YYYY-MM-DD`. */
  readonly day?: string;
  readonly tables?: readonly string[];
}

/** The body as plain text, without the subject. */
export function toText({ what, why, since, todo }: Message): string {
  const lines = [
    ['What', what],
    ['Why', why],
    ['Since', since],
    ...todo.map((line, at) => [at === 0 ? 'Do' : '', line]),
  ] as const;
  return lines
    .flatMap(([name, text]) =>
      text === undefined ? [] : [`${name!.padEnd(7)}${text.replaceAll('\n', `\n${' '.repeat(7)}`)}`],
    )
    .join('\n');
}
