/** A TCP proxy before Redis that can let connections go silent: open on both sides, and nothing gets through (half-open). */

import type { AddressInfo } from 'node:net';
import { createConnection, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Those that are open now say nothing any more, for good; new ones work. Returns how many. */
  silence(): number;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const links = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = createConnection({ host: '127.0.0.1', port: targetPort });
    const link = [client, upstream] as const;
    links.add(link);
    for (const [socket, other] of [link, [upstream, client] as const]) {
      socket.setNoDelay(true).pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        other.destroy();
        links.delete(link);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      const silenced = links.size;
      for (const [client, upstream] of links) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        // Read and thrown away: the kernel goes on acknowledging, so neither side learns anything.
        client.resume();
        upstream.resume();
      }
      return silenced;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const link of links) for (const socket of link) socket.destroy();
      }),
  };
}
