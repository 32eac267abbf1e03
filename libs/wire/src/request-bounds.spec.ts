// Goal: nobody gets memory by messages that do not end, nor without a token by the health service. Method: a server with a service
// of health's name, and requests that do not end.
import type { sendUnaryData, ServerWritableStream, ServiceDefinition } from '@grpc/grpc-js';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listen, type ListeningServer } from './channel.js';
import {
  CALLS_MAX,
  CONNECTION_UNFINISHED_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  OPEN_REQUEST_BYTES_MAX,
  REQUEST_BYTES_MAX,
  REQUEST_TIMEOUT_MS,
  REQUESTS_UNFINISHED_BYTES_MAX,
  START_BYTES_MAX,
} from './limits.js';
import { listing } from './spec-certificates.js';

/** A message of no bytes asks for the whole server. */
const EMPTY = Buffer.alloc(5);

let server: ListeningServer;
let session: ClientHttp2Session;
let others: ClientHttp2Session[];
let refusals: string[];
/** Of the watch that came last. */
let watched: ServerWritableStream<Buffer, Buffer>;

const method = (name: string, responseStream: boolean): ServiceDefinition[string] => ({
  path: `/grpc.health.v1.Health/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: (message: Buffer) => message,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (message: Buffer) => message,
  responseDeserialize: (bytes) => bytes,
});
const health: ServiceDefinition = { Check: method('Check', false), Watch: method('Watch', true) };
const handlers = {
  Check: (_call: unknown, callback: sendUnaryData<Buffer>) => callback(null, Buffer.from('alive')),
  Watch: (call: ServerWritableStream<Buffer, Buffer>) => {
    watched = call;
    call.write(Buffer.from('alive'));
  },
};

/** Takes what a stream brings. */
const reading = (call: Readable): unknown => call.on('error', () => undefined).resume();

beforeEach(async () => {
  refusals = [];
  server = await listen('127.0.0.1:0', {
    training: { ...listing.training, Contribute: reading },
    runs: new Proxy(listing.runs, {
      get: (known, name) => (name === 'Push' ? reading : known[name as string]),
    }),
    further: (added) => added.addService(health, handlers),
    refused: (code, message) => refusals.push(`${code} ${message}`),
  });
  others = [];
  session = await connected();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const one of [session, ...others]) one.destroy();
  await server.stop();
});

async function connected(): Promise<ClientHttp2Session> {
  const made = http2.connect(`http://${server.address}`).on('error', () => undefined);
  await once(made, 'remoteSettings');
  return made;
}

function call(name: string): ClientHttp2Stream {
  return begun(`/grpc.health.v1.Health/${name}`);
}

function begun(path: string, on = session): ClientHttp2Stream {
  const stream = on.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  return stream.on('error', () => undefined);
}

/** The beginning of a message of this length: its frame's head, and so many of its bytes. */
function beginning(length: number, bytes: number): Buffer {
  const frame = Buffer.alloc(EMPTY.length + bytes);
  frame.writeUInt32BE(length, 1);
  return frame;
}

async function check(): Promise<string> {
  return next(call('Check').end(EMPTY));
}

/** The next message of an answer. */
async function next(stream: ClientHttp2Stream): Promise<string> {
  const [message] = (await once(stream, 'data')) as [Buffer];
  return message.subarray(EMPTY.length).toString();
}

it('ends calls whose message is announced long, before it is there', async () => {
  const calls = Array.from({ length: CALLS_MAX }, () => call('Check'));
  for (const stream of calls) stream.write(beginning(MESSAGE_BYTES_MAX, OPEN_REQUEST_BYTES_MAX));
  await Promise.all(calls.map((stream) => once(stream.resume(), 'close')));
  expect(refusals).toHaveLength(CALLS_MAX);
  const what = '/grpc.health.v1.Health/Check: its request: expected at most 1024 bytes, received 1029';
  expect(refusals[0]).toMatch(`MESSAGE_TOO_LARGE 127.0.0.1:${session.socket.localPort}: ${what}`);
  expect(await check()).toBe('alive');
});

it('ends a call whose request does not end in time, and lets a watch go on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const slow = call('Check');
  slow.write(EMPTY);
  const watch = call('Watch').end(EMPTY);
  expect(await next(watch)).toBe('alive');
  vi.advanceTimersByTime(HELLO_TIMEOUT_MS);
  await once(slow.resume(), 'close');
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toMatch(/^TIMEOUT .*Check: its request did not end within 5000 ms$/);
  watched.write(Buffer.from('well'));
  expect(await next(watch)).toBe('well');
});

const RUNS = '/rocinante.training.v1.Runs/';
const PUSH = `${RUNS}Push`;
const CONTRIBUTE = '/rocinante.training.v1.Training/Contribute';

it.each([
  ['Have', REQUEST_BYTES_MAX],
  ['Watch', REQUEST_BYTES_MAX],
  ['Start', START_BYTES_MAX],
])('ends a request of %s that is longer than %i bytes, whatever it announces', async (name, most) => {
  const stream = begun(RUNS + name);
  stream.write(beginning(MESSAGE_BYTES_MAX, most - EMPTY.length));
  // Answered behind it, on the same connection.
  expect(await check()).toBe('alive');
  expect(refusals).toEqual([]);
  stream.write(Buffer.alloc(1));
  await once(stream.resume(), 'close');
  expect(refusals).toHaveLength(1);
  const what = `its request: expected at most ${most} bytes, received ${most + 1}`;
  expect(refusals[0]).toMatch(new RegExp(`^MESSAGE_TOO_LARGE .*Runs/${name}: ${what}$`));
});

it('ends a request that is not whole in time, and no stream', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [slow, pushed, contributed] = [`${RUNS}List`, PUSH, CONTRIBUTE].map((path) => begun(path));
  for (const stream of [slow, pushed, contributed]) stream.write(beginning(9, 1));
  expect(await check()).toBe('alive');
  vi.advanceTimersByTime(REQUEST_TIMEOUT_MS);
  await once(slow.resume(), 'close');
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toMatch(/^TIMEOUT .*Runs\/List: its request did not end within 10000 ms$/);
  expect(await check()).toBe('alive');
  expect([pushed.closed, contributed.closed]).toEqual([false, false]);
});

it('bounds what all calls of a connection have of messages that are not whole, and of no other connection', async () => {
  const most = 3 << 20;
  const calls = [PUSH, CONTRIBUTE, PUSH].map((path) => begun(path));
  const [first, second, third] = calls;
  for (const stream of [first, second]) stream.write(beginning(MESSAGE_BYTES_MAX, most));
  expect(await check()).toBe('alive');
  expect(refusals).toEqual([]);
  third.write(beginning(MESSAGE_BYTES_MAX, most));
  await once(third.resume(), 'close');
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toMatch(
    /^MESSAGE_TOO_LARGE .*Push: its request: unfinished messages of its connection: expected at most 8388608 bytes/,
  );
  others = [await connected()];
  begun(PUSH, others[0]).write(beginning(MESSAGE_BYTES_MAX, most));
  // What was whole, or is over, counts no more: the connection has its room again.
  first.close();
  await once(first, 'close');
  const again = begun(PUSH);
  again.write(beginning(MESSAGE_BYTES_MAX, most));
  expect(await check()).toBe('alive');
  expect(refusals).toHaveLength(1);
  expect([second.closed, again.closed]).toEqual([false, false]);
});

it('counts a message until it is whole, and pieces of it by more than their bytes', async () => {
  const stream = begun(PUSH);
  const message = beginning(MESSAGE_BYTES_MAX / 4, MESSAGE_BYTES_MAX / 4);
  for (let bytes = 0; bytes <= 2 * CONNECTION_UNFINISHED_BYTES_MAX; bytes += message.length)
    stream.write(message);
  await new Promise<void>((resolve) => stream.write(Buffer.alloc(0), () => resolve()));
  expect(await check()).toBe('alive');
  expect([stream.closed, refusals]).toEqual([false, []]);
});

it('bounds what all readers together have of requests that are not whole, and answers others', async () => {
  const most = REQUEST_BYTES_MAX - 1_000;
  const whole = Math.ceil(REQUESTS_UNFINISHED_BYTES_MAX / (most * CALLS_MAX));
  for (let connection = 0; connection < whole; connection += 1) {
    const other = await connected();
    others.push(other);
    for (let count = 0; count < CALLS_MAX; count += 1)
      begun(`${RUNS}Have`, other).write(beginning(MESSAGE_BYTES_MAX, most));
  }
  await vi.waitUntil(() => refusals.length > 0, { timeout: 60_000 });
  expect(refusals[0]).toMatch(
    /^MESSAGE_TOO_LARGE .*Have: its request: unfinished messages of all requests: expected at most 33554432 bytes/,
  );
  expect(await check()).toBe('alive');
  const listed = begun(`${RUNS}List`).end(EMPTY);
  const [headers] = (await once(listed, 'response')) as [http2.IncomingHttpHeaders];
  expect(headers['grpc-status'] ?? '0').toBe('0');
});
