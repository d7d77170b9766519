/** An S3 look-alike that does not keep conditions, in one of the ways that real ones have: real HTTP, objects in memory. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Carelessness =
  /** Accepts conditional headers and looks at none. */
  | 'ignores all conditions'
  | 'ignores If-None-Match'
  | 'ignores If-Match'
  /** Looks first and writes later: right for one writer, wrong for two at once. */
  | 'forgets races';

export interface CarelessS3 {
  /** `http://127.0.0.1:PORT`; any bucket exists. */
  readonly endpoint: string;
  /** Paths of the objects it has. */
  keys(): readonly string[];
  close(): Promise<void>;
}

export async function startCarelessS3(carelessness: Carelessness): Promise<CarelessS3> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    if (incoming.method === 'PUT') {
      if (isRefused(carelessness, incoming.headers, objects.get(pathname))) {
        outgoing.writeHead(412).end();
        return;
      }
      if (carelessness === 'forgets races') await sleep(20);
      objects.set(pathname, Buffer.concat(chunks));
    }
    if (incoming.method === 'DELETE') objects.delete(pathname);
    const body = objects.get(pathname);
    if (body === undefined) {
      outgoing.writeHead(incoming.method === 'DELETE' ? 204 : 404).end();
      return;
    }
    outgoing.setHeader('ETag', etagOf(body));
    outgoing.setHeader('Last-Modified', new Date().toUTCString());
    if (incoming.method === 'GET') outgoing.setHeader('Content-Length', body.length);
    outgoing.end(incoming.method === 'GET' ? body : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: () => [...objects.keys()],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isRefused(
  carelessness: Carelessness,
  headers: IncomingHttpHeaders,
  existing: Buffer | undefined,
): boolean {
  if (carelessness === 'ignores all conditions') return false;
  const mustBeAbsent = headers['if-none-match'] === '*' && carelessness !== 'ignores If-None-Match';
  const mustMatch = carelessness === 'ignores If-Match' ? undefined : headers['if-match'];
  if (mustBeAbsent && existing !== undefined) return true;
  return mustMatch !== undefined && (existing === undefined || etagOf(existing) !== mustMatch);
}

const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
