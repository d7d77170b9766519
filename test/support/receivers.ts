/** Receivers of notifications on loopback: an HTTP server and a mail server that keep what they are sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReceiver {
  readonly url: string;
  readonly posts: Posted[];
  /** Status of the next answers; 0: no answer at all. */
  status: number;
}

/** Closed when the test ends. */
export async function httpReceiver(): Promise<HttpReceiver> {
  const receiver = { url: '', posts: [] as Posted[], status: 200 };
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    receiver.posts.push({ path: request.url ?? '', headers: request.headers, body });
    if (receiver.status === 0) return;
    response.writeHead(receiver.status, { location: '/elsewhere' });
    response.end('x'.repeat(100_000));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return receiver;
}

export interface MailReceiver {
  readonly url: string;
  readonly mails: {
    readonly from: string;
    readonly to: readonly string[];
    readonly source: string;
    /** How it came. */
    readonly encrypted: boolean;
    readonly user: string | undefined;
  }[];
  /** Passwords that were tried, and whether they came encrypted. */
  readonly logins: { readonly password: string; readonly encrypted: boolean }[];
}

export interface MailReceiverOptions {
  /** PEM. @default offers no encryption */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Encrypted from the first byte, as `smtps://`. @default STARTTLS */
  readonly fromTheStart?: boolean;
  /** Demanded when there is one. */
  readonly password?: string;
}

/** Takes mail for everybody but `nobody@…`. Closed when the test ends. */
export async function mailReceiver(options: MailReceiverOptions = {}): Promise<MailReceiver> {
  const { tls, fromTheStart = false, password } = options;
  const mails: MailReceiver['mails'] = [];
  const logins: MailReceiver['logins'] = [];
  const server = new SMTPServer({
    authOptional: password === undefined,
    secure: fromTheStart,
    ...(tls ?? {}),
    ...(tls === undefined ? { disabledCommands: ['STARTTLS'] } : {}),
    logger: false,
    onAuth(auth, session, done) {
      logins.push({ password: auth.password ?? '', encrypted: session.secure });
      if (auth.password === password) done(null, { user: auth.username });
      else done(new Error('wrong password'));
    },
    onRcptTo: ({ address }, _session, done) =>
      done(
        address.startsWith('nobody@')
          ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
          : undefined,
      ),
    onData(stream, session, done) {
      text(stream).then((source) => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source,
          encrypted: session.secure,
          user: session.user,
        });
        done();
      }, done);
    },
  });
  // A client that does not trust the certificate breaks off.
  server.on('error', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.server.address() as AddressInfo;
  return { url: `${fromTheStart ? 'smtps' : 'smtp'}://127.0.0.1:${port}`, mails, logins };
}
