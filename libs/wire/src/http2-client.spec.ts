import { createServer, type Socket } from 'node:net';
import { status, type ServiceError } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { dial } from './channel.js';

it('a client gives up a connection on which a server says nothing, also after it was closed itself', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const closed = dial(`127.0.0.1:${port}`);
  closed.work().on('error', () => undefined);
  const open = dial(`127.0.0.1:${port}`);
  const error = new Promise<ServiceError>((resolve) => open.work().on('error', resolve));
  while (sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  closed.close();
  expect((await error).code).toBe(status.UNAVAILABLE);
  open.close();
  await new Promise((resolve) => silent.close(resolve));
});
