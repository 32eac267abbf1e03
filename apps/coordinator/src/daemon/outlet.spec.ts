/** Goal: a reader that is slow, or gone, costs nothing without bound. Method: real gRPC, with readers that stop reading. */
import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dialRuns, WireError, type LogEntry, type ListeningServer, type RunsClient } from '@rocinante/wire';
import { serveRuns } from '../client/spec-scripted-coordinator.js';
import { UsageError } from '../errors.js';
import { Outlet, WAITING_MAX } from './outlet.js';
import { readAll } from './spec-coordinator.js';

/** More than the sockets and HTTP/2's windows hold. */
const large: LogEntry = { json: 'x'.repeat(1 << 20) };

type Call = ServerWritableStream<unknown, LogEntry>;
let handler: (call: Call) => void;
let server: ListeningServer;
let client: RunsClient;
beforeEach(async () => {
  server = await serveRuns({ Watch: (call) => handler(call) });
  client = dialRuns(server.address);
});
afterEach(async () => {
  client.close();
  await server.stop();
});

/** Serves one call with this work; resolves with why its reader was cut off. */
function served(
  work: (outlet: Outlet<LogEntry>, call: Call) => Promise<void>,
  stallMs?: number,
): Promise<unknown> {
  return new Promise((resolve) => {
    handler = (call) => resolve(new Outlet<LogEntry>(call, stallMs).serve((outlet) => work(outlet, call)));
  });
}

it('writes what is sent, then what was queued meanwhile, in order', async () => {
  const cut = served(async (outlet) => {
    outlet.queue({ json: '2' });
    await outlet.send({ json: '1' });
    setImmediate(() => {
      outlet.queue({ json: '3' });
      outlet.end();
      outlet.queue({ json: 'too late' });
    });
    await outlet.drained();
  });
  const { messages, refused } = await readAll(client.watch({ run: 'r1' }));
  expect([messages.map(({ json }) => json), refused, await cut]).toEqual([['1', '2', '3'], null, null]);
});

it('ends with the error of the work', async () => {
  const cut = served(() => Promise.reject(new UsageError('which: expected final')));
  const { refused } = await readAll(client.watch({ run: 'r1' }));
  expect(refused).toMatchObject({ details: 'which: expected final' });
  expect(await cut).toMatchObject({ code: 'USAGE' });
});

it('gives up a reader that takes nothing, and leaves no listener behind', async () => {
  let listeners = 0;
  const cut = served(async (outlet, call) => {
    try {
      for (;;) await outlet.send(large);
    } finally {
      listeners = call.listenerCount('drain') + call.listenerCount('close');
    }
  }, 50);
  const stream = client.watch({ run: 'r1' });
  expect(await cut).toMatchObject({ code: 'TIMEOUT', message: 'this reader took nothing for 0.05 s' });
  expect(listeners).toBeLessThan(3);
  stream.on('error', () => undefined).cancel();
});

it('waits for a slow reader as often as it must', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error): number => warnings.push(warning);
  process.on('warning', warned);
  const cut = served(async (outlet) => {
    for (let i = 0; i < 40; i++) await outlet.send(large);
  });
  const { messages } = await readAll(client.watch({ run: 'r1' }));
  expect([messages.length, await cut, warnings]).toEqual([40, null, []]);
  process.off('warning', warned);
});

it('holds no more than its limit for one that is too slow', async () => {
  const cut = served(async (outlet) => {
    for (let i = 0; i <= WAITING_MAX; i++) outlet.queue({ json: '' });
    await outlet.drained();
  });
  const { messages, refused } = await readAll(client.watch({ run: 'r1' }));
  expect(messages).toEqual([]);
  expect(refused?.details).toBe('16384 messages wait: this reader is too slow');
  expect(await cut).toBeInstanceOf(WireError);
});

it.each(['while it is sent to', 'while nothing is there to send'])(
  'ends for a reader that goes away %s',
  async (when) => {
    const cut = served(async (outlet, call) => {
      setImmediate(() => stream.cancel());
      if (when === 'while it is sent to') while (!outlet.isGone) await outlet.send(large);
      else await Promise.all([outlet.drained(), once(call, 'cancelled')]);
      await outlet.send(large);
    });
    const stream = client.watch({ run: 'r1' });
    stream.on('error', () => undefined);
    expect(await cut).toBeNull();
  },
);
