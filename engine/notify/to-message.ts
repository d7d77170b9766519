/** From a notice to a message: the words, the label of the installation, what it is about for programs. */
import type { Message } from '../../infra/notify/message.ts';
import { redact } from '../../infra/redact.ts';
import { deadlineText } from './deadline-message.ts';
import { failureText, recoveryText, retryText } from './failure-message.ts';
import type { Notice } from './notice.ts';
import { restatementText } from './restatement-message.ts';

/** The part of a message that is words. */
export type MessageText = Pick<Message, 'severity' | 'subject' | 'what' | 'why' | 'since' | 'todo'>;

const TEXT_LENGTH_MAX = 4_000;
const SUBJECT_LENGTH_MAX = 180;

/** Secrets that an error text may hold are taken out; lengths are bounded. */
export function toMessage(notice: Notice, label: string): Message {
  const { id, kind, atMs } = notice;
  const { severity, subject, what, why, since, todo } = redact(textOf(notice));
  return {
    id,
    kind,
    severity,
    subject: cut(`[${label}] ${subject.replace(/\s+/g, ' ')}`, SUBJECT_LENGTH_MAX),
    what: cut(what, TEXT_LENGTH_MAX),
    ...(why === undefined ? {} : { why: cut(why, TEXT_LENGTH_MAX) }),
    ...(since === undefined ? {} : { since }),
    todo,
    about: aboutOf(notice),
    at: new Date(atMs).toISOString(),
  };
}

function textOf(notice: Notice): MessageText {
  switch (notice.kind) {
    case 'failure':
      return failureText(notice);
    case 'retry':
      return retryText(notice);
    case 'recovery':
      return recoveryText(notice);
    case 'deadline':
      return deadlineText(notice);
    case 'restatement':
      return restatementText(notice);
  }
}

function aboutOf(notice: Notice): Message['about'] {
  if (notice.kind === 'restatement') {
    const { day, runId, tables } = notice;
    return { runId, day, tables: tables.map(({ table }) => table) };
  }
  const { dagId, runId, day } = notice.run;
  const taskId = 'task' in notice ? notice.task.taskId : 'taskId' in notice ? notice.taskId : undefined;
  return { dagId, ...(runId === '' ? {} : { runId }), ...(taskId === undefined ? {} : { taskId }), day };
}

function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}
