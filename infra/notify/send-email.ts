/** Email: a message as plain text over SMTP. */
import { createTransport } from 'nodemailer';
import type { ChannelOf } from '../config-notify.ts';
import { isFlyerlineError } from '../errors.ts';
import type { SendOptions } from './channel.ts';
import { type Message, toText } from './message.ts';
import { notTaken, reasonOf } from './not-taken.ts';
import { readSecret } from './secret.ts';

/**
 * Throws FL_NOTIFY_FAILED; retryable unless the server has refused for good (a reply 5xx). A password travels encrypted or not
 * at all: with a user, a server that offers no STARTTLS is refused.
 */
export async function sendEmail(
  { server, user, password, from, to, timeoutMs }: ChannelOf<'email'>,
  message: Message,
  { name, env, signal }: SendOptions,
): Promise<void> {
  const { protocol, hostname, port } = new URL(server);
  const secure = protocol === 'smtps:';
  const pass = password === undefined ? '' : await readSecret(password, env);
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && user !== undefined,
    ...(user === undefined ? {} : { auth: { user, pass } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stopped = Promise.withResolvers<never>();
  // Each step has its own timeout; this one is for all of them.
  const timer = setTimeout(() => stopped.reject(new Error('no answer in time')), timeoutMs);
  const abort = () => stopped.reject(new Error('the program stops'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const sent = transport.sendMail({
      from,
      to: [...to],
      subject: message.subject,
      text: `${toText(message)}\n`,
      messageId: `<${message.id.replace(/[^A-Za-z0-9.-]/g, '-')}@flyerline>`,
      date: new Date(message.at),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Flyerline-Kind': message.kind },
    });
    // It goes on after a timeout, and its end must not be an unhandled rejection.
    sent.catch(() => {});
    const { rejected } = await Promise.race([sent, stopped.promise]);
    if (rejected.length > 0)
      throw notTaken(`Mail server of "${name}"`, `refused ${rejected.length} recipients`, false);
  } catch (error) {
    if (isFlyerlineError(error)) throw error;
    const { responseCode = 0 } = error as { readonly responseCode?: number };
    throw notTaken(`Mail server of "${name}"`, reasonOf(error), responseCode < 500, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    transport.close();
  }
}
