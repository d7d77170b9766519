/** An S3 look-alike that accepts conditional headers and ignores them, as some do: real HTTP, objects in memory. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CarelessS3 {
  /** `http://127.0.0.1:PORT`; any bucket exists. */
  readonly endpoint: string;
  close(): Promise<void>;
}

export async function startCarelessS3(): Promise<CarelessS3> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    if (incoming.method === 'PUT') objects.set(pathname, Buffer.concat(chunks));
    if (incoming.method === 'DELETE') objects.delete(pathname);
    const body = objects.get(pathname);
    if (body === undefined) {
      outgoing.writeHead(incoming.method === 'DELETE' ? 204 : 404).end();
      return;
    }
    outgoing.setHeader('ETag', `"${createHash('md5').update(body).digest('hex')}"`);
    outgoing.setHeader('Last-Modified', new Date().toUTCString());
    if (incoming.method === 'GET') outgoing.setHeader('Content-Length', body.length);
    outgoing.end(incoming.method === 'GET' ? body : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
