// Goal: what HTTP/2 and grpc-js refuse by themselves is told of, with who it was. Method: a server that no call reaches.
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listen, type ListeningServer } from './channel.js';
import { CALLS_MAX, MESSAGE_BYTES_MAX } from './limits.js';
import type { TrainingHandlers } from './service.js';

let server: ListeningServer;
let refusals: string[];
let told: () => void;

beforeEach(async () => {
  refusals = [];
  const unused = (): void => undefined;
  const reading = (call: Readable): unknown => call.on('error', () => undefined).resume();
  const training = {
    Work: reading,
    Contribute: reading,
    Parameters: unused,
    Corpus: unused,
  } as unknown as TrainingHandlers;
  const refused = (code: string, message: string): void => {
    refusals.push(`${code} ${message}`);
    told();
  };
  server = await listen('127.0.0.1:0', { training, refused });
});
afterEach(() => server.stop());

function refusal(): Promise<void> {
  return new Promise((resolve) => (told = resolve));
}

it('names who does not speak HTTP/2', async () => {
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1');
  await once(socket, 'connect');
  const { localPort } = socket;
  const heard = refusal();
  socket.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n');
  await heard;
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toMatch(`MALFORMED 127.0.0.1:${localPort}: it does not keep to HTTP/2`);
  expect(refusals[0]).toMatch(/; the page and metrics are at the port of --http$/);
});

/** A report of empty results, two bytes each, as a message of a worker. */
const manyResults = Buffer.concat([
  Buffer.from('1a80801e', 'hex'),
  Buffer.from('1200'.repeat(245_760), 'hex'),
]);
const nothing = Buffer.from('ffffffff', 'hex');

it.each([
  ['Contribute', MESSAGE_BYTES_MAX + 1, nothing, 'MESSAGE_TOO_LARGE', 'Received message larger than max'],
  ['Contribute', nothing.length, nothing, 'MALFORMED', 'Error deserializing request'],
  ['Work', nothing.length, nothing, 'MALFORMED', 'Error deserializing request'],
  // What a decoder throws grpc-js tells nobody.
  ['Work', manyResults.length, manyResults, 'MALFORMED', 'Error deserializing request'],
])('names whose message to %s of %i bytes does not arrive', async (name, length, message, code, words) => {
  const session = http2.connect(`http://${server.address}`).on('error', () => undefined);
  await once(session, 'connect');
  const { localPort } = session.socket;
  const path = `/rocinante.training.v1.Training/${name}`;
  const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  call.on('error', () => undefined);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  const heard = refusal();
  call.write(Buffer.concat([head, message]));
  await heard;
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toContain(`${code} 127.0.0.1:${localPort}: ${path}: ${words}`);
  session.destroy();
  await once(session, 'close');
});

it('tells of a path with what commands a terminal in one line', async () => {
  const session = http2.connect(`http://${server.address}`).on('error', () => undefined);
  await once(session, 'connect');
  const heard = refusal();
  const call = session.request({
    ':method': 'POST',
    ':path': '/a\u009b2J',
    'content-type': 'application/grpc',
  });
  call.on('error', () => undefined).end();
  await heard;
  expect(refusals[0]).toMatch(/^UNKNOWN_METHOD .*: \/a\\u009b2J: /);
  session.destroy();
  await once(session, 'close');
});

it('has a limit for the calls of one connection', async () => {
  const session = http2.connect(`http://${server.address}`);
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(CALLS_MAX);
  session.destroy();
});
