/** Who gets which message: notices become deliveries, as the channels ask for them and the throttle lets them through. */
import type { ChannelSettings, NotifySettings } from '../../infra/config-notify.ts';
import type { Message } from '../../infra/notify/message.ts';
import { inWords } from '../explain-words.ts';
import type { Ledger } from './ledger.ts';
import type { Notice } from './notice.ts';
import { admit, isOver, type ThrottleWindow } from './throttle.ts';
import { toMessage } from './to-message.ts';
import { commands, counted } from './words.ts';

export interface Delivery {
  readonly channel: string;
  readonly message: Message;
}

/** Windows of the throttle: `window:<channel>:<kind>:<dag>`. */
const WINDOW = 'window:';

/** First what ended windows have swallowed, then the notices, in order. */
export function announce(
  ledger: Ledger,
  notices: readonly Notice[],
  settings: NotifySettings,
  nowMs: number,
): readonly Delivery[] {
  const deliveries = closeWindows(ledger, settings, nowMs);
  for (const notice of notices) {
    const message = toMessage(notice, settings.label);
    for (const [channel, wanted] of Object.entries(settings.channels)) {
      if (!wants(wanted, notice)) continue;
      const field = `${WINDOW}${channel}:${notice.kind}:${groupOf(notice)}`;
      const before = ledger.get<ThrottleWindow>(field);
      const { admitted, window } = admit(before, settings.throttle, message.subject, nowMs);
      ledger.set(field, window);
      if (admitted) deliveries.push({ channel, message: forChannel(message, channel) });
    }
  }
  return deliveries;
}

/** That a task succeeded after all is news for those who were told of its retries, and nobody else. */
function wants({ on, dags }: ChannelSettings, notice: Notice): boolean {
  if (!on.includes(notice.kind)) return false;
  if (notice.kind === 'restatement') return true;
  if (notice.type === 'task-recovered' && !on.includes('retry')) return false;
  return dags === undefined || dags.includes(notice.run.dagId);
}

function groupOf(notice: Notice): string {
  return notice.kind === 'restatement' ? '' : notice.run.dagId;
}

function closeWindows(ledger: Ledger, settings: NotifySettings, nowMs: number): Delivery[] {
  const deliveries: Delivery[] = [];
  for (const [field, window] of ledger.list<ThrottleWindow>(WINDOW)) {
    if (!isOver(window, settings.throttle, nowMs)) continue;
    ledger.set(field, undefined);
    const [channel, kind, dagId] = field.slice(WINDOW.length).split(':') as [string, Notice['kind'], string];
    if (window.swallowed === 0 || settings.channels[channel] === undefined) continue;
    const message = summaryOf({ kind, dagId, label: settings.label }, window, nowMs);
    deliveries.push({ channel, message: forChannel(message, channel) });
  }
  return deliveries;
}

function summaryOf(
  { kind, dagId, label }: { readonly kind: Notice['kind']; readonly dagId: string; readonly label: string },
  { startMs, sent, swallowed, subjects }: ThrottleWindow,
  nowMs: number,
): Message {
  const more = swallowed - subjects.length;
  return {
    id: `more-${kind}-${dagId || 'tables'}-${startMs}`,
    kind,
    severity: kind === 'recovery' || kind === 'restatement' ? 'info' : 'warning',
    subject: `[${label}] ${dagId === '' ? '' : `${dagId}: `}${swallowed} more of "${kind}" in ${inWords(nowMs - startMs)}`,
    what: `${counted(swallowed, 'message')} of "${kind}" ${swallowed === 1 ? 'was' : 'were'} not sent, after ${sent} had been.`,
    why: [...subjects, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'),
    since: `${new Date(startMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    todo:
      dagId === ''
        ? commands(['partitions list', 'the days of each table'])
        : commands([`runs list ${dagId}`, 'how its runs went']),
    about: dagId === '' ? {} : { dagId },
    at: new Date(nowMs).toISOString(),
  };
}

/** Each channel's message has an id of its own: a receiver that serves two of them must not take one for a repetition. */
function forChannel(message: Message, channel: string): Message {
  return { ...message, id: `${message.id}.${channel}` };
}
