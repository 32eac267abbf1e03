/** Goal: many may ask on one connection, as through a proxy that keeps its own. Method: sockets that were never connected. */
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ConnectionShares } from './connection-shares.js';
import { CONNECTIONS_PER_HOLDER_MAX } from './http-limits.js';

const holders = Array.from({ length: 12 }, (_, index) => `holder ${index}`);

async function closed(socket: Socket): Promise<void> {
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await gone;
}

it('wait for the end of a connection once, however many ask on it', () => {
  const shares = new ConnectionShares();
  const socket = new Socket();
  expect(shares.admit(holders[0], socket)).toBe(true);
  const listeners = socket.listenerCount('close');
  for (let time = 0; time < 2; time++) {
    for (const holder of holders) expect(shares.admit(holder, socket)).toBe(true);
  }
  expect(socket.listenerCount('close')).toBe(listeners);
});

it('give each who asked on it back with its end', async () => {
  const shares = new ConnectionShares();
  const shared = new Socket();
  for (const holder of holders) {
    shares.admit(holder, shared);
    for (let own = 1; own < CONNECTIONS_PER_HOLDER_MAX; own++) shares.admit(holder, new Socket());
    expect(shares.admit(holder, new Socket())).toBe(false);
  }
  await closed(shared);
  for (const holder of holders) {
    expect(shares.admit(holder, new Socket())).toBe(true);
    expect(shares.admit(holder, new Socket())).toBe(false);
  }
});
