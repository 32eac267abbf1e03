import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './channel.js';
import { meterConnection, serverTraffic } from './http2-server.js';

/** What a client sends first. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

async function listening(): Promise<number> {
  const server = await listen('127.0.0.1:0', { training: {} as never });
  onTestFinished(() => server.stop());
  return Number(server.address.split(':')[1]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A connection that says something, and that the server has spoken to. */
async function speaking(port: number, localPort: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1', localPort });
  onTestFinished(() => void socket.destroy());
  socket.write(PREFACE);
  await once(socket, 'data');
  return socket;
}

const poll = (read: () => number) => expect.poll(read, { timeout: 60_000 });

it('counts two connections that come from one address, and loses neither as the other ends', async () => {
  const [one, other] = [await listening(), await listening()];
  const before = serverTraffic().bytesReceived;
  const received = (): number => serverTraffic().bytesReceived - before;
  const port = await freePort();
  const peer = `127.0.0.1:${port}`;
  const [first, second] = [await speaking(one, port), await speaking(other, port)];
  await poll(received).toBe(2 * PREFACE.length);
  const closed = once(first, 'close');
  first.destroy();
  await closed;
  // The bytes of the second are counted where the end of the first is known, and its own meter goes on.
  const meter = meterConnection(peer);
  second.write('x');
  await poll(() => meter().bytesReceived).toBe(1);
  expect(received()).toBe(2 * PREFACE.length + 1);
  // Its end is told too, and takes nothing away.
  second.destroy();
  await poll(() => meterConnection(peer)().bytesReceived + received()).toBe(2 * PREFACE.length + 1);
});
