// Goal: whoever has no token gets no memory by the health service. Method: a server with a service of its name,
// and requests that do not end.
import type { sendUnaryData, ServerWritableStream, ServiceDefinition } from '@grpc/grpc-js';
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listen, type ListeningServer } from './channel.js';
import { CALLS_MAX, HELLO_TIMEOUT_MS, MESSAGE_BYTES_MAX, OPEN_REQUEST_BYTES_MAX } from './limits.js';
import { listing } from './spec-certificates.js';

/** A message of no bytes asks for the whole server. */
const EMPTY = Buffer.alloc(5);

let server: ListeningServer;
let session: ClientHttp2Session;
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

beforeEach(async () => {
  refusals = [];
  server = await listen('127.0.0.1:0', {
    ...listing,
    further: (added) => added.addService(health, handlers),
    refused: (code, message) => refusals.push(`${code} ${message}`),
  });
  session = http2.connect(`http://${server.address}`).on('error', () => undefined);
  await once(session, 'remoteSettings');
});
afterEach(async () => {
  vi.useRealTimers();
  session.destroy();
  await server.stop();
});

function call(name: string): ClientHttp2Stream {
  const path = `/grpc.health.v1.Health/${name}`;
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  return stream.on('error', () => undefined);
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
  const head = Buffer.alloc(5);
  head.writeUInt32BE(MESSAGE_BYTES_MAX, 1);
  const calls = Array.from({ length: CALLS_MAX }, () => call('Check'));
  for (const stream of calls) stream.write(Buffer.concat([head, Buffer.alloc(OPEN_REQUEST_BYTES_MAX)]));
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
