/**
 * Goal: over TLS everything is as in plain, and each of the two sides says what is wrong with the other. Method: real servers
 * and clients on the loopback, and certificates of two authorities.
 */
import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import http2 from 'node:http2';
import { createServer } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientSecurity, TlsMaterial } from '@rocinante/access';
import { dialRuns, listen, type ListeningServer, type ServerSecurity } from './channel.js';
import { connectionTrouble } from './connection-trouble.js';
import { meterConnection, serverTraffic } from './http2-server.js';
import { FLOW_CONTROL_WINDOW_BYTES, HEADERS_BYTES_MAX } from './limits.js';
import { listing, SpecAuthority } from './spec-certificates.js';
import type { RunsClient } from './service.js';

let ours: SpecAuthority;
let theirs: SpecAuthority;
let tls: TlsMaterial;
let mutual: TlsMaterial;
let server: ListeningServer;
let refusals: string[];
const clients: RunsClient[] = [];

beforeAll(async () => {
  ours = await SpecAuthority.make('ours');
  theirs = await SpecAuthority.make('theirs');
  tls = await ours.issue();
  mutual = await ours.issue({ mutual: true });
});
beforeEach(() => {
  refusals = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

async function serve(security: ServerSecurity): Promise<void> {
  const refused = (code: string, message: string): void => void refusals.push(`${code} ${message}`);
  server = await listen('127.0.0.1:0', { ...listing, refused }, security);
}

/** Asks once: null where it is answered, else how it ended. */
async function list(security?: ClientSecurity, address = server.address): Promise<ServiceError | null> {
  const client = dialRuns(address, security);
  clients.push(client);
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.list({}, { deadline: Date.now() + 60_000 }, (ended) => resolve(ended));
  });
  return error && (((await connectionTrouble(client, error)) ?? error) as ServiceError);
}

const trusting = (change: Partial<ClientSecurity> = {}): ClientSecurity => ({
  ca: ours.ca,
  token: null,
  ...change,
});

/** Waits until something was refused. */
async function refusal(): Promise<string> {
  for (let turn = 0; turn < 12_000 && refusals.length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return refusals[0] ?? 'nothing was refused';
}

async function raw(bytes: string | Buffer = ''): Promise<Socket> {
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

describe('a server with a certificate', () => {
  it('answers whoever believes its authority, by address and by name, and counts the bytes below TLS', async () => {
    await serve({ tls });
    const before = serverTraffic();
    expect(await list(trusting())).toBeNull();
    expect(await list(trusting(), server.address.replace('127.0.0.1', 'localhost'))).toBeNull();
    expect(refusals).toEqual([]);
    // The handshake alone is more than a kilobyte each way.
    expect(serverTraffic().bytesSent - before.bytesSent).toBeGreaterThan(1_000);
  });

  it('gives streams and connections the windows that it gives in plain, and meters them', async () => {
    await serve({ tls });
    const session = http2.connect(`https://${server.address}`, { ca: ours.ca });
    const [settings] = (await once(session, 'remoteSettings')) as [http2.Settings];
    expect(settings.initialWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    const meter = meterConnection(`127.0.0.1:${session.socket.localPort}`);
    await new Promise((resolve) => session.ping(resolve));
    expect(session.state.remoteWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(meter().bytesReceived).toBeGreaterThan(0);
    session.destroy();
  });

  it('is not believed by whoever believes another authority', async () => {
    await serve({ tls });
    expect(await list(trusting({ ca: theirs.ca }))).toMatchObject({
      code: 'OTHER_AUTHORITY',
      message: expect.stringMatching(
        /^its certificate: expected one of the authority in --tls-ca, received one of "ours"/,
      ) as string,
    });
  });

  it('is not believed with a certificate that has expired, or one for other names', async () => {
    await serve({ tls: await ours.issue({ expired: true }) });
    expect(await list(trusting())).toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
    server.replaceCertificate(await ours.issue({ names: ['coordinator.example', '192.0.2.1'] }));
    expect(await list(trusting())).toMatchObject({
      code: 'OTHER_NAME',
      message: 'its certificate: expected one for 127.0.0.1, received one for coordinator.example, 192.0.2.1',
    });
    expect(await list(trusting({ serverName: 'coordinator.example' }))).toBeNull();
  });

  it('shows another certificate to connections that come later, while the earlier go on', async () => {
    await serve({ tls });
    const early = dialRuns(server.address, trusting());
    clients.push(early);
    const ask = (): Promise<ServiceError | null> =>
      new Promise((resolve) => early.list({}, {}, (error) => resolve(error)));
    expect(await ask()).toBeNull();
    server.replaceCertificate(await theirs.issue());
    expect(await list(trusting())).toMatchObject({ code: 'OTHER_AUTHORITY' });
    expect(await list(trusting({ ca: theirs.ca }))).toBeNull();
    expect(await ask()).toBeNull();
  });

  it.each([
    ['HTTP/1.1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ])('names who speaks %s in plain to it', async (_, bytes) => {
    await serve({ tls });
    const { localPort } = await raw(bytes);
    expect(await refusal()).toBe(`NOT_TLS 127.0.0.1:${localPort}: it speaks in plain, where TLS is expected`);
  });

  it('tells a client in plain that it expects TLS', async () => {
    await serve({ tls });
    expect(await list()).toMatchObject({ code: 'EXPECTS_TLS' });
    expect(refusals[0]).toMatch(/^NOT_TLS /);
  });

  it('names who speaks something else over TLS', async () => {
    await serve({ tls });
    const { hostname, port } = new URL(`https://${server.address}`);
    const socket = connectTls({ host: hostname, port: Number(port), ca: ours.ca });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(await refusal()).toMatch(
      /^MALFORMED 127\.0\.0\.1:\d+: it speaks TLS, and no HTTP\/2 over it; the page and metrics are at the port of --http$/,
    );
  });
});

it('a client over TLS says of a page over TLS that gRPC has another port', async () => {
  await serve({});
  const page = createServer({ cert: tls.cert, key: tls.key });
  await once(page.listen(0, '127.0.0.1'), 'listening');
  const { port } = page.address() as AddressInfo;
  expect(await list(trusting(), `127.0.0.1:${port}`)).toMatchObject({
    code: 'NOT_TLS',
    message: expect.stringContaining('expected the port of serve --listen (7070 by default)') as unknown,
  });
  await once(page.close(), 'close');
});

it('a client over TLS says of a server in plain that it is one', async () => {
  await serve({});
  expect(await list(trusting())).toMatchObject({ code: 'NOT_TLS' });
});

it('headers above their limit end the connection, by name', async () => {
  await serve({});
  const session = http2.connect(`http://${server.address}`);
  session.on('error', () => undefined);
  const call = session.request({ ':method': 'POST', ':path': '/x', bomb: 'x'.repeat(HEADERS_BYTES_MAX) });
  call.on('error', () => undefined).resume();
  await once(session, 'close');
  expect(refusals[0]).toMatch(
    /^MESSAGE_TOO_LARGE 127\.0\.0\.1:\d+: \/x: its headers: expected at most 16384 bytes/,
  );
});

describe('a server that asks for certificates', () => {
  it('answers a client of its authority', async () => {
    await serve({ tls: mutual });
    const { cert, key } = tls;
    expect(await list(trusting({ cert, key }))).toBeNull();
    expect(refusals).toEqual([]);
  });

  it.each([
    ['without one', () => Promise.resolve(null), 'none; give --tls-cert and --tls-key'],
    ["with another authority's", () => theirs.issue(), 'one of "theirs"'],
    ['with one that has expired', () => ours.issue({ expired: true }), 'one that has expired'],
  ])('says so to a client %s', async (_, own, received) => {
    await serve({ tls: mutual });
    const { cert, key } = (await own()) ?? {};
    const line = `expected a client certificate of the coordinator's authority, received ${received}`;
    expect(await list(trusting({ cert, key }))).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: line,
    });
    expect(refusals[0]).toMatch(/^BAD_CERTIFICATE 127\.0\.0\.1:\d+: /);
    expect(refusals[0]).toContain(line);
  });

  it('does not take a resumed session for a certificate', async () => {
    await serve({ tls: mutual });
    const { hostname, port } = new URL(`https://${server.address}`);
    const sessions: Buffer[] = [];
    const attempt = async (session?: Buffer): Promise<void> => {
      const options = { host: hostname, port: Number(port), ca: ours.ca, ALPNProtocols: ['h2'], session };
      const socket: TLSSocket = connectTls(options);
      socket.on('session', (ticket: Buffer) => sessions.push(ticket));
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
    };
    await attempt();
    const before = refusals.length;
    await attempt(sessions[0]);
    expect(before).toBe(1);
    expect(refusals).toHaveLength(2);
    expect(refusals[1]).toMatch(/^BAD_CERTIFICATE/);
  });
});
