/** Tokens and roles, asked of each call by a real server. */
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Holder } from '@rocinante/access';
import { callerOf, type Caller } from './access-control.js';
import { dial, dialRuns, listen, type ListeningServer } from './channel.js';
import { methodPaths, needOf } from './method-needs.js';
import type { RunsClient, RunsHandlers } from './service.js';
import { listing } from './spec-certificates.js';

let book: Map<string, Holder>;
let server: ListeningServer;
let refusals: string[];
let callers: Caller[];
let seen: unknown[];
const clients: { close(): void }[] = [];

beforeEach(async () => {
  book = new Map([
    ['w', { name: 'gpu-1', role: 'worker' }],
    ['r', { name: 'eye', role: 'reader' }],
    ['o', { name: 'hand', role: 'operator' }],
  ]);
  refusals = [];
  callers = [];
  seen = [];
  const runs: RunsHandlers = new Proxy(listing.runs, {
    get: (known, name) => {
      if (name === 'List') {
        const answer: RunsHandlers['List'] = (call, callback) => {
          callers.push(callerOf(call));
          seen.push(call.metadata.get('authorization'));
          callback(null, { runs: [] });
        };
        return answer;
      }
      const watch: RunsHandlers['Watch'] = (call) => void call.write({ json: '{}' });
      return name === 'Watch' ? watch : known[name as string];
    },
  });
  server = await listen(
    '127.0.0.1:0',
    {
      ...listing,
      runs,
      refused: (code, message, client) =>
        refusals.push(`${code} ${message}${client == null ? '' : ` (${client})`}`),
    },
    { holderOf: (token) => book.get(token) ?? null },
  );
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

function operator(token: string | null): RunsClient {
  const client = dialRuns(server.address, { ca: null, token });
  clients.push(client);
  return client;
}

function list(token: string | null): Promise<ServiceError | null> {
  return new Promise((resolve) => operator(token).list({}, {}, (error) => resolve(error)));
}

function ended(stream: ClientReadableStream<unknown>): Promise<ServiceError> {
  return new Promise((resolve) => stream.on('error', (error) => resolve(error as ServiceError)).resume());
}

it('a handler knows who calls, and sees no token', async () => {
  expect(await list('r')).toBeNull();
  expect(await list('o')).toBeNull();
  expect(callers.map(({ holder }) => holder?.name)).toEqual(['eye', 'hand']);
  expect(callers[0].peer).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(seen).toEqual([[], []]);
  expect(refusals).toEqual([]);
});

it('a client that says what it is is told of under that name, whether it is let in or not', async () => {
  const as = async (client: string, token: string): Promise<void> => {
    const dialled = dialRuns(server.address, { ca: null, token, client });
    clients.push(dialled);
    await new Promise((resolve) => dialled.list({}, {}, resolve));
  };
  await as('rocinante-doctor/1', 'r');
  await list('r');
  expect(callers.map(({ client }) => client)).toEqual(['rocinante-doctor/1', null]);
  await as('rocinante-doctor/1', 'stranger');
  await as('x'.repeat(100), 'w');
  expect(refusals[0]).toMatch(/^UNAUTHENTICATED .* not in it \(rocinante-doctor\/1\)$/);
  expect(refusals[1]).toMatch(/^PERMISSION_DENIED .* \(x{61}\.\.\.\)$/);
});

it('a call without a token, or with one that nobody knows, is refused by name', async () => {
  expect(await list(null)).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'expected a token of role reader, received none: give --token-file or ROCINANTE_TOKEN',
  });
  expect(await list('stranger')).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: "expected a token of the coordinator's book, received one that is not in it",
  });
  expect(refusals[0]).toMatch(/^UNAUTHENTICATED 127\.0\.0\.1:\d+: \/rocinante\.training\.v1\.Runs\/List: /);
  expect(refusals.join()).not.toContain('stranger');
  expect(callers).toEqual([]);
});

it('a role that is not enough is refused by name', async () => {
  const worker = dial(server.address, { ca: null, token: 'r' });
  clients.push(worker);
  expect(await ended(worker.work())).toMatchObject({
    code: status.PERMISSION_DENIED,
    details: "expected a token of role worker, received eye's, of role reader",
  });
  expect(await list('w')).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(refusals.map((line) => line.split(' ')[0])).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED']);
});

it('a stream ends when its token is taken out of the book', async () => {
  const stream = operator('r').watch({ run: 'r1' });
  const end = ended(stream);
  await new Promise((resolve) => stream.once('data', resolve));
  book.delete('r');
  server.recheck();
  expect((await end).code).toBe(status.UNAUTHENTICATED);
  expect(await list('o')).toBeNull();
});

it('every method of the protos has a role, and no other may be called', () => {
  expect(methodPaths).toHaveLength(17);
  for (const path of methodPaths) expect(['worker', 'reader', 'operator']).toContain(needOf(path));
  expect(needOf('/grpc.health.v1.Health/Check')).toBe('open');
  expect(needOf('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo')).toBeNull();
});
