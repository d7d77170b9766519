/** Webhook: a message as JSON, signed so that the receiver knows who sent it and when (the Standard Webhooks convention). */
import { createHmac } from 'node:crypto';
import type { ChannelOf } from '../config-notify.ts';
import { FlyerlineError } from '../errors.ts';
import type { SendOptions } from './channel.ts';
import type { Message } from './message.ts';
import { postJson } from './post-json.ts';
import { readSecret } from './secret.ts';

/** Throws FL_NOTIFY_FAILED, and FL_CONFIG_INVALID for a secret that is not there or has no `whsec_` form. */
export async function sendWebhook(
  { url, secret, timeoutMs }: ChannelOf<'webhook'>,
  message: Message,
  { name, env, signal }: SendOptions,
): Promise<void> {
  const body = JSON.stringify(message);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = secret === undefined ? undefined : keyOf(await readSecret(secret, env), secret);
  await postJson({
    receiver: `Webhook "${name}"`,
    url,
    body,
    headers: {
      'webhook-id': message.id,
      'webhook-timestamp': timestamp,
      ...(key && { 'webhook-signature': signature(key, message.id, timestamp, body) }),
    },
    timeoutMs,
    signal,
  });
}

/** `v1,` and base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`. */
export function signature(key: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

const KEY_FORM = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/;

function keyOf(secret: string, ref: string): Buffer {
  const [, base64] = KEY_FORM.exec(secret) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  throw new FlyerlineError('FL_CONFIG_INVALID', {
    subject: `Secret "${ref}"`,
    reason: 'is not "whsec_" and 24 to 64 bytes in base64',
    remedy: 'make one: echo whsec_$(openssl rand -base64 32)',
  });
}
