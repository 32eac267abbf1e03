// Goal: nobody holds a connection without a token. Method: a server that asks for one, HTTP/2 by hand, and a clock by hand.
import type { ServerWritableStream, ServiceDefinition } from '@grpc/grpc-js';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listen, type ListeningServer } from './channel.js';
import { STRANGER_TIMEOUT_MS, STRANGERS_PER_ADDRESS_MAX, STRANGERS_WATCHING_MAX } from './limits.js';
import { listing } from './spec-certificates.js';

const WATCH = '/grpc.health.v1.Health/Watch';
const LIST = '/rocinante.training.v1.Runs/List';

const health: ServiceDefinition = {
  Watch: {
    path: WATCH,
    requestStream: false,
    responseStream: true,
    requestSerialize: (message: Buffer) => message,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (message: Buffer) => message,
    responseDeserialize: (bytes) => bytes,
  },
};

let server: ListeningServer;
let refusals: string[];
let sessions: ClientHttp2Session[];

beforeEach(async () => {
  refusals = [];
  sessions = [];
  server = await listen(
    '127.0.0.1:0',
    {
      ...listing,
      further: (added) =>
        added.addService(health, {
          Watch: (call: ServerWritableStream<Buffer, Buffer>) => void call.write(Buffer.from('alive')),
        }),
      refused: (code, message) => refusals.push(`${code} ${message}`),
    },
    { holderOf: (token) => (token === 'r' ? { name: 'eye', role: 'reader' } : null) },
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const session of sessions) session.destroy();
  await server.stop();
});

async function connected(): Promise<ClientHttp2Session> {
  const session = http2.connect(`http://${server.address}`).on('error', () => undefined);
  sessions.push(session);
  await once(session, 'remoteSettings');
  return session;
}

/** A call that was answered, by its first headers. */
async function called(session: ClientHttp2Session, path: string, token = ''): Promise<ClientHttp2Stream> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    ...(token !== '' && { authorization: `Bearer ${token}` }),
  });
  stream
    .on('error', () => undefined)
    .resume()
    .end(Buffer.alloc(5));
  await once(stream, 'response');
  return stream;
}

/** A ping goes to the server and back: whatever it was to close is closed. */
const lives = (session: ClientHttp2Session): Promise<boolean> =>
  new Promise((resolve) => {
    if (session.destroyed) return resolve(false);
    const end = (): void => resolve(false);
    session.once('close', end);
    session.ping((error) => {
      session.off('close', end);
      resolve(error === null);
    });
  });

/** Lets the time of strangers pass, a second at a time: a ping of grpc-js is answered before it counts as lost. */
async function pass(): Promise<void> {
  for (let passed = 0; passed < STRANGER_TIMEOUT_MS; passed += 1_000) {
    vi.advanceTimersByTime(1_000);
    await Promise.all(sessions.map(lives));
  }
}

it('a connection on which nothing is asked is ended, by name; that of a holder is kept', async () => {
  const silent = await connected();
  const { localPort } = silent.socket;
  const holder = await connected();
  await called(holder, LIST, 'r');
  await Promise.all([once(silent, 'close'), pass()]);
  expect(refusals).toEqual([
    `TIMEOUT 127.0.0.1:${localPort}: no call with a token that counts came on it within 10000 ms`,
  ]);
  expect(await lives(holder)).toBe(true);
});

it('one whose calls are all refused is ended too', async () => {
  const session = await connected();
  await once(await called(session, LIST, 'wrong'), 'close');
  expect(await lives(session)).toBe(true);
  await Promise.all([once(session, 'close'), pass()]);
  expect(refusals.map((line) => line.split(' ')[0])).toEqual(['UNAUTHENTICATED']);
});

it('a watch of health goes on, on a few, which end with it', async () => {
  const watches: ClientHttp2Stream[] = [];
  for (let count = 0; count <= STRANGERS_WATCHING_MAX; count++)
    watches.push(await called(await connected(), WATCH));
  const [last] = sessions.slice(-1);
  await Promise.all([once(last, 'close'), pass()]);
  expect(refusals).toHaveLength(1);
  for (const session of sessions.slice(0, -1)) expect(await lives(session)).toBe(true);
  const ended = once(sessions[0], 'close');
  watches[0].close();
  await ended;
});

it('an address has so many connections on which nobody was let in, and one that is makes room', async () => {
  const holder = await connected();
  await called(holder, LIST, 'r');
  for (let count = 0; count < STRANGERS_PER_ADDRESS_MAX; count++) await connected();
  const more = http2.connect(`http://${server.address}`).on('error', () => undefined);
  sessions.push(more);
  await once(more, 'close');
  const what = 'there are 64 connections of nobody known from its address already';
  expect(refusals).toEqual([expect.stringMatching(`^TOO_MANY_CONNECTIONS 127.0.0.1:\\d+: ${what}$`)]);
  expect(await lives(holder)).toBe(true);
  await called(sessions[1], LIST, 'r');
  expect(await lives(await connected())).toBe(true);
});
