/** A channel: one way to reach people. Sending is a function; there is no connection to keep. */
import type { ChannelSettings } from '../config-notify.ts';
import type { Message } from './message.ts';

export interface SendOptions {
  /** The channel's name in the configuration. */
  readonly name: string;
  /** Holds secrets. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Aborting gives up; the message may have been taken all the same. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One attempt. Resolves when the receiver has taken the message. Throws FL_NOTIFY_FAILED, whose `retryable` says whether a later
 * attempt may help, and FL_CONFIG_INVALID for a secret that cannot be had.
 */
export async function sendTo(
  settings: ChannelSettings,
  message: Message,
  options: SendOptions,
): Promise<void> {
  // Loaded when first needed: most processes send no mail.
  switch (settings.type) {
    case 'webhook':
      return (await import('./send-webhook.ts')).sendWebhook(settings, message, options);
    case 'slack':
      return (await import('./send-slack.ts')).sendSlack(settings, message, options);
    case 'email':
      return (await import('./send-email.ts')).sendEmail(settings, message, options);
    case 'command':
      return (await import('./send-command.ts')).sendCommand(settings, message, options);
  }
}
