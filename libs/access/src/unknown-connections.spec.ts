// Connections of this machine to itself are those of one address; what addresses belong together is asked by their texts.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { originOf, UnknownConnections } from './unknown-connections.js';

describe('where an address belongs', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['2001:db8:0:1::5', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['2001:0db8:0000:0001::5', '2001:db8:0:1::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:db8:0:2::5', '2001:db8:0:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is of %s', (address, origin) => {
    expect(originOf(address)).toBe(origin);
  });
});

describe('connections of nobody known', () => {
  let server: Server;
  let taken: Socket[];
  let clients: Socket[];
  beforeEach(async () => {
    [taken, clients] = [[], []];
    server = createServer((socket) => taken.push(socket.resume()));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    for (const socket of [...clients, ...taken]) socket.destroy();
    server.close();
  });

  async function connected(): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(socket);
    const [own] = (await once(server, 'connection')) as [Socket];
    return own;
  }

  it('are so many of an address; one that is let in or ends makes room', async () => {
    const unknown = new UnknownConnections(2);
    const [first, second, third] = [await connected(), await connected(), await connected()];
    expect([first, second, third].map((socket) => unknown.admit(socket))).toEqual([true, true, false]);
    unknown.letIn(first);
    expect(unknown.admit(third)).toBe(true);
    const fourth = await connected();
    expect(unknown.admit(fourth)).toBe(false);
    const ended = once(second, 'close');
    clients[1].destroy();
    await ended;
    expect(unknown.admit(fourth)).toBe(true);
  });
});
