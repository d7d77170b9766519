/** An HTTP proxy before a real server that loses answers, cuts or spoils bodies, hangs, or refuses, request by request as told. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

export type Fault =
  | 'pass'
  /** The server gets the request and acts on it; the client never hears of it. */
  | 'lose-answer'
  /** Nothing reaches the server, and nothing is answered. */
  | 'hang'
  /** One bit of the request's body, or of the answer's, arrives wrong. */
  | 'spoil-request'
  | 'spoil-answer'
  /** The status, with S3's error document. */
  | { readonly status: number; readonly code: string }
  /** The answer's body ends after so many bytes, by a broken connection, or by silence. */
  | { readonly cutAfter: number; readonly by: 'break' | 'silence' };

export interface FaultyProxy {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** `METHOD /path` of every request so far. */
  readonly seen: string[];
  /** Faults of the next requests, in order; then all pass. Only requests that match count. */
  plan(faults: readonly Fault[], matches?: (request: IncomingMessage) => boolean): void;
  close(): Promise<void>;
}

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  let planned: Fault[] = [];
  let matches: (request: IncomingMessage) => boolean = () => true;
  const seen: string[] = [];

  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const fault = matches(incoming) ? (planned.shift() ?? 'pass') : 'pass';
    if (fault === 'hang') return void incoming.resume();
    if (typeof fault === 'object' && 'status' in fault) {
      incoming.resume().on('end', () => refuse(outgoing, fault));
      return;
    }
    // Headers go through as they are: the signature covers the host the client knows.
    const forwarded = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (fault === 'lose-answer') {
          answer.resume().on('end', () => outgoing.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        if (fault === 'pass' || fault === 'spoil-request') answer.pipe(outgoing);
        else if (fault === 'spoil-answer') answer.pipe(spoiling()).pipe(outgoing);
        else cut(answer, outgoing, fault);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    if (fault === 'spoil-request') incoming.pipe(spoiling()).pipe(forwarded);
    else incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    plan: (faults, only = () => true) => {
      planned = [...faults];
      matches = only;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Of a body that is larger than any frame around it, a bit in the middle of the first chunk. */
function spoiling(): Transform {
  let isSpoiled = false;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (!isSpoiled) chunk[chunk.length >> 1]! ^= 1;
      isSpoiled = true;
      done(null, chunk);
    },
  });
}

function refuse(outgoing: ServerResponse, { status, code }: { status: number; code: string }): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml' });
  outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>planned</Message></Error>`);
}

function cut(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  { cutAfter, by }: { cutAfter: number; by: 'break' | 'silence' },
): void {
  let sent = 0;
  answer.on('data', (chunk: Buffer) => {
    if (sent >= cutAfter) return;
    const part = chunk.subarray(0, cutAfter - sent);
    sent += part.length;
    outgoing.write(part, () => {
      if (sent < cutAfter) return;
      answer.destroy();
      if (by === 'break') outgoing.destroy();
    });
  });
  answer.on('end', () => outgoing.end());
}
