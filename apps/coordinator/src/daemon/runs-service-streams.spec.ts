/**
 * Goal: contents that operators send, and what they follow or pull, come whole, or are refused in one line. Method: a real client,
 * port, folder and runs, which wait.
 */
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSafetensors } from '@rocinante/weights';
import type { LogEntryMessage, PushChunk, RunsClient } from '@rocinante/wire';
import type { RunLogEntry } from '../run/log/log-entries.js';
import { runLogPath } from './run-log.js';
import {
  ask,
  eventually,
  readAll,
  SpecCoordinator,
  startRequest,
  textSha256,
  type Answer,
} from './spec-coordinator.js';

let coordinator: SpecCoordinator;
let client: RunsClient;
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
  client = await coordinator.operator();
});
afterEach(async () => {
  await coordinator.remove();
  expect(coordinator.fatal).toEqual([]);
});

const start = (): Promise<unknown> => ask(client, client.start, startRequest);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const entriesOf = (messages: LogEntryMessage[]): RunLogEntry[] =>
  messages.map(({ json }) => JSON.parse(json) as RunLogEntry);

describe('a content', () => {
  const bytes = Buffer.from('another text');

  function push(...chunks: PushChunk[]): Promise<Answer<{ sha256: string; known: boolean }>> {
    return new Promise((resolve) => {
      const call = client.push((error, response) =>
        resolve(error ? { code: error.code, details: error.details } : response!),
      );
      for (const chunk of chunks) call.write(chunk);
      call.end();
    });
  }
  const first = { sha256: sha256(bytes), bytes: bytes.length, data: bytes.subarray(0, 5) };

  it('is taken once, and then known', async () => {
    expect(await push(first, { data: bytes.subarray(5) })).toEqual({ sha256: first.sha256, known: false });
    expect(await push(first, { data: bytes.subarray(5) })).toEqual({ sha256: first.sha256, known: true });
    const asked = ['ab'.repeat(32), first.sha256];
    expect(await ask(client, client.have, { sha256: asked })).toEqual({ sha256: [first.sha256] });
  });

  it('is refused where it is not what was announced, and nothing of it is left', async () => {
    const before = await readdir(coordinator.contents.directory);
    client = await coordinator.operator('sancho/1');
    expect(await push()).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await push(first)).toMatchObject({ code: status.DATA_LOSS });
    expect(await push(first, { data: Buffer.from('changed') })).toMatchObject({ code: status.DATA_LOSS });
    expect(await push({ ...first, sha256: '../run' })).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await push({ ...first, bytes: 2 ** 52 })).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(coordinator.dropped).toEqual([
      'INVALID_ARGUMENT',
      'CONTENT_LENGTH',
      'CONTENT_HASH',
      'CONTENT_NAME',
      'CONTENT_TOO_LARGE',
    ]);
    expect(coordinator.droppedBy).toEqual(Array(5).fill('sancho/1'));
    expect(await readdir(coordinator.contents.directory)).toEqual(before);
  });

  it('of which half comes, from a sender that dies, leaves nothing', async () => {
    const { directory } = coordinator.contents;
    const before = await readdir(directory);
    const call = client.push(() => undefined);
    call.on('error', () => undefined).write(first);
    const has = async (count: number): Promise<true | null> =>
      (await readdir(directory)).length === count || null;
    await eventually(() => has(before.length + 1));
    call.cancel();
    await eventually(() => has(before.length));
    expect(await readdir(directory)).toEqual(before);
  });

  it('are asked after so many at a time', async () => {
    const many = Array.from({ length: 17 }, () => textSha256);
    expect(await ask(client, client.have, { sha256: many })).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe('what is followed', () => {
  it('is a run from its beginning to its end', async () => {
    await start();
    const watched = readAll(client.watch({ run: 'r1' }));
    await coordinator.executed('r1');
    const late = readAll(client.watch({ run: 'r1' }));
    const lines = readAll(client.logs({ run: 'r1', follow: true }));
    await eventually(() => (coordinator.hub.followers('r1') === 3 ? true : null));
    await ask(client, client.stop, { run: 'r1', reason: 'lunch' });
    const events = (messages: LogEntryMessage[]): string[] => entriesOf(messages).map(({ event }) => event);
    const whole = ['started', 'checkpoint', 'finished'];
    expect(events((await watched).messages)).toEqual(whole);
    // A watcher that comes late is not told of checkpoints that have been.
    expect(events((await late).messages).filter((event) => event !== 'checkpoint')).toEqual([
      'started',
      'finished',
    ]);
    const said = (await lines).messages.map(({ json }) => (JSON.parse(json) as { event: string }).event);
    expect(said).toEqual(whole);
    expect(coordinator.hub.followers('r1')).toBe(0);
  });

  it('is told and over where the run has ended, and nothing where there is none', async () => {
    await start();
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    expect((await readAll(client.watch({ run: 'r1' }))).refused).toBeNull();
    for (const stream of [
      client.watch({ run: 'r2' }),
      client.losses({ run: 'r2' }),
      client.logs({ run: 'r2' }),
    ]) {
      expect((await readAll<unknown>(stream as never)).refused).toMatchObject({ code: status.NOT_FOUND });
    }
  });

  it('ends where the run that waits is taken out of the queue, or the watcher goes away', async () => {
    await start();
    await start();
    const watched = readAll(client.watch({ run: 'r2' }));
    const gone = client.watch({ run: 'r1' });
    gone.on('error', () => undefined);
    await eventually(() =>
      coordinator.hub.followers('r1') + coordinator.hub.followers('r2') === 2 ? true : null,
    );
    gone.cancel();
    await ask(client, client.stop, { run: 'r2' });
    expect(await watched).toEqual({ messages: [], refused: null });
    await eventually(() => (coordinator.hub.followers('r1') === 0 ? true : null));
  });

  it('has the new length of a run that was resumed, and stopped again before it went on', async () => {
    await start();
    await coordinator.executed('r1');
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const total = async (): Promise<unknown> => {
      const entries = entriesOf((await readAll(client.watch({ run: 'r1' }))).messages);
      return entries.flatMap((entry) => (entry.event === 'started' ? [entry.stepsTotal] : []));
    };
    expect(await total()).toEqual([5]);
    // The pool has another run, so this one waits in the queue.
    await start();
    await coordinator.executed('r2');
    expect(await ask(client, client.resume, { run: 'r1', steps: 9 })).toMatchObject({ stepsTotal: 9 });
    await ask(client, client.stop, { run: 'r1' });
    expect(await total()).toEqual([9]);
  });

  it('are one worker’s lines, whatever a full disk left in the log', async () => {
    await start();
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const lines = ['{"worker":"a","msg":"1"}', '{"worker":"b{"worker":"a"}', '{"worker":"b","msg":"2"}'];
    await writeFile(runLogPath(coordinator.store.directory('r1')), `${lines.join('\n')}\n`);
    const { messages, refused } = await readAll(client.logs({ run: 'r1', worker: 'a', follow: true }));
    expect([messages, refused]).toEqual([[{ json: lines[0], skipped: 0 }], null]);
  });

  it('are the last lines, with how many there are before', async () => {
    await start();
    await ask(client, client.stop, { run: 'r1' });
    await coordinator.run('r1', ({ state }) => state === 'stopped');
    const lines = ['1', '2', '3', '4', '5'].map((msg) =>
      JSON.stringify({ worker: msg === '2' ? 'b' : 'a', msg }),
    );
    await writeFile(runLogPath(coordinator.store.directory('r1')), `${lines.join('\n')}\n`);
    const last = async (worker: string, tail: number): Promise<unknown> =>
      (await readAll(client.logs({ run: 'r1', worker, tail }))).messages;
    expect(await last('a', 2)).toEqual([
      { json: lines[3], skipped: 2 },
      { json: lines[4], skipped: 0 },
    ]);
    expect(await last('b', 2)).toEqual([{ json: lines[1], skipped: 0 }]);
  });
});

describe('weights', () => {
  it('are sent whole, of the newest checkpoint', async () => {
    await start();
    await coordinator.executed('r1');
    await eventually(() =>
      coordinator.scheduler.active('r1')!.execution!.view.phase === 'waiting' ? true : null,
    );
    const { messages } = await readAll(client.weights({ run: 'r1', which: 'newest' }));
    const file = Buffer.concat(messages.map(({ data }) => data));
    expect(messages[0]).toMatchObject({ step: 0, bytes: file.length, sha256: sha256(file) });
    const { tensors, metadata } = parseSafetensors(file);
    expect(tensors.length).toBeGreaterThan(3);
    // As those of the run's end: whole words are written from its text's.
    expect(JSON.parse(metadata.words)).toContain('mas');
    const pulls = Array.from({ length: 8 }, () => readAll(client.weights({ run: 'r1', which: 'newest' })));
    for (const { messages } of await Promise.all(pulls)) {
      expect(sha256(Buffer.concat(messages.map(({ data }) => data)))).toBe(sha256(file));
    }
    expect(await readdir(join(coordinator.store.directory('r1'), 'weights'))).toEqual([]);
    for (const which of ['', 'best']) {
      expect((await readAll(client.weights({ run: 'r1', which }))).refused).toMatchObject({
        code: status.FAILED_PRECONDITION,
      });
    }
    expect((await readAll(client.weights({ run: 'r1', which: 'oldest' }))).refused).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});
