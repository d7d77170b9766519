/** Slack: an incoming webhook, or whatever takes the same payload (Mattermost, Rocket.Chat, Discord with /slack). */
import type { ChannelOf } from '../config-notify.ts';
import { FlyerlineError } from '../errors.ts';
import type { SendOptions } from './channel.ts';
import { type Message, toText } from './message.ts';
import { postJson } from './post-json.ts';
import { readSecret } from './secret.ts';

/** Throws FL_NOTIFY_FAILED, and FL_CONFIG_INVALID when the URL is not there or is none. */
export async function sendSlack(
  { url: ref, timeoutMs }: ChannelOf<'slack'>,
  message: Message,
  { name, env, signal }: SendOptions,
): Promise<void> {
  const url = await readSecret(ref, env);
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: `Secret "${ref}"`,
      reason: 'is no http URL',
      remedy: 'put the URL of the incoming webhook there',
    });
  }
  await postJson({
    receiver: `Slack channel "${name}"`,
    url,
    body: JSON.stringify(toSlack(message)),
    timeoutMs,
    signal,
  });
}

const COLOURS = { error: '#c0392b', warning: '#e0a100', info: '#3478c6', ok: '#2e8b57' } as const;

/** The subject where a phone shows it, the rest in a coloured attachment, in a fixed width so that it can be copied. */
export function toSlack(message: Message) {
  const body = escaped(toText(message)).replaceAll('```', "'''");
  return {
    text: `*${escaped(message.subject)}*`,
    attachments: [
      {
        color: COLOURS[message.severity],
        fallback: message.what,
        text: `\`\`\`${body}\`\`\``,
        mrkdwn_in: ['text'],
      },
    ],
    unfurl_links: false,
  };
}

/** The three characters with a meaning of their own; without this, `<!channel>` in an error message would wake everybody. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
