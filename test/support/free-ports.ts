import { createServer, type Server } from 'node:net';
import { once } from 'node:events';

/** Ports that are free on 127.0.0.1, one after the other: the first of them. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const servers = [await listening(0)];
    const first = (servers[0].address() as { port: number }).port;
    const others = await Promise.allSettled(
      Array.from({ length: count - 1 }, (_, index) => listening(first + 1 + index)),
    );
    for (const other of others) if (other.status === 'fulfilled') servers.push(other.value);
    await Promise.all(servers.map((server) => once(server.close(), 'close')));
    if (servers.length === count) return first;
  }
}

/** Fails where the port is taken, or is none. */
async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
