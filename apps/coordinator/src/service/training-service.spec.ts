/**
 * Goal: what workers send is checked and passed on, every session has one end, and a run's text comes whole. Method: real
 * clients over gRPC; a listener that notes what it is told, in place of a run.
 */
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '@rocinante/base';
import { limits } from '@rocinante/wire';
import { eventually, readAll } from '../daemon/spec-coordinator.js';
import { client, ids, listener, refused, served, service, told, Worker } from './spec-service.js';

function lines(count: number): string[] {
  return Array.from({ length: count }, () => '{}');
}

const engine = (said: object): object => ({
  engine: { tensorflow: '2.21.0', device: 'cpu', model: 'M', features: [], ...said },
});
const longText = 'x'.repeat(limits.ENGINE_TEXT_LENGTH_MAX + 1);
const manyFeatures = Array.from({ length: limits.ENGINE_FEATURES_MAX + 1 }, (_, i) => `f${i}`);

describe('a session', () => {
  it.each<[string, object, status, string]>([
    ['another protocol', { protocolMin: 7, protocolMax: 9 }, status.FAILED_PRECONDITION, 'PROTOCOL_VERSION'],
    ['no name', { name: '' }, status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a name that logs cannot carry', { name: 'a\nb' }, status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a pool too long', { pool: 'p'.repeat(129) }, status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a model too long', engine({ model: longText }), status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a feature too long', engine({ features: ['avx2', longText] }), status.INVALID_ARGUMENT, 'MALFORMED'],
    ['too many features', engine({ features: manyFeatures }), status.INVALID_ARGUMENT, 'MALFORMED'],
  ])('is refused with %s', async (_what, hello, code, why) => {
    expect(await new Worker(hello).end()).toMatchObject({ code });
    expect([refused, told, service.sessions]).toEqual([[why], [], []]);
  });

  it('takes a description of an engine as long as it may be', async () => {
    const features = manyFeatures.slice(1).map(() => longText.slice(1));
    const model = longText.slice(1);
    await new Worker(engine({ model, features })).session();
    expect(service.sessions.map((session) => session.engine?.features.length)).toEqual([features.length]);
  });

  it('begins with Hello, once', async () => {
    const early = new Worker(null);
    early.call.write({ ready: { run: 'r1' } });
    expect((await early.end()).details).toBe('the first message of a session must be Hello');
    const twice = new Worker({});
    twice.call.write({ hello: { name: 'a' } });
    expect((await twice.end()).details).toBe('worker a said Hello twice');
    expect(told).toEqual(['a opened', 'a lost: worker a said Hello twice']);
  });

  it('has one stream of parameters: what a first one lost would be missing in a second', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    const session = await worker.session();
    for (let i = 0; i < 2; i++) client.parameters({ session }).on('error', () => undefined);
    expect((await worker.end()).details).toBe('asked for its parameters twice in a session');
    expect(told).toContain('a lost: asked for its parameters twice in a session');
  });

  it('ends when the worker leaves, is lost, or says that it is in trouble', async () => {
    const leaving = new Worker({ name: 'leaving' });
    const lost = new Worker({ name: 'lost' });
    const troubled = new Worker({ name: 'troubled' });
    for (const worker of [leaving, lost, troubled]) await worker.session();
    leaving.call.end();
    lost.call.cancel();
    troubled.call.write({ trouble: { code: 'ENGINE', message: 'x'.repeat(10_000) } });
    await eventually(() => (service.sessions.length === 0 ? true : null));
    expect(told).toContain('leaving left: it left');
    expect(told).toContain('lost lost: its connection was lost');
    expect(told.find((line) => line.startsWith('troubled lost: ENGINE: xxx'))?.length).toBeLessThan(600);
  });

  it('is told of no more once it has ended', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ ready: { run: 'r1', activation: 1 } });
    // Bytes are counted, and not characters.
    worker.call.write({ metrics: { text: 'é'.repeat(limits.METRICS_BYTES_MAX / 2) + 'x' } });
    worker.call.write({ evaluation: { assignment: 1 } });
    expect((await worker.end()).details).toContain('metrics of worker a: expected at most');
    expect(told.slice(0, 2)).toEqual(['a opened', 'a ready']);
    expect(told.slice(2).sort()).toEqual([
      expect.stringContaining('a lost the run: metrics of worker a') as string,
      expect.stringContaining('a lost: metrics of worker a') as string,
    ]);
    expect(refused).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('keeps the last metrics, and passes lines on', async () => {
    service.poolFor().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ metrics: { text: 'up 1' } });
    worker.call.write({ logLines: { json: lines(limits.LOG_LINES_MAX), activation: 1 } });
    await eventually(() => told.find((line) => line === `a logged ${limits.LOG_LINES_MAX}`) ?? null);
    expect(service.sessions[0].metrics?.text).toBe('up 1');
  });

  it.each([
    ['lines', lines(limits.LOG_LINES_MAX + 1), '64 lines in a message, received 65'],
    ['bytes', ['é'.repeat(limits.LOG_LINES_BYTES_MAX / 2) + 'x'], '65536 bytes in a message, received 65537'],
  ])('ends with more %s of a log than a message may have', async (_what, json, words) => {
    const worker = new Worker({});
    worker.call.write({ logLines: { json, activation: 1 } });
    expect(await worker.end()).toMatchObject({
      code: status.OUT_OF_RANGE,
      details: `log of worker a: expected at most ${words}`,
    });
    expect(refused).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('is called by its name in metrics, unless a live one is called so', async () => {
    const [first, second] = [new Worker({}), new Worker({})];
    await first.session();
    await second.session();
    expect(service.sessions.map(({ label }) => label)).toEqual(['a', 'a#2']);
    first.call.end();
    await eventually(() => (service.sessions.length === 1 ? true : null));
    await new Worker({}).session();
    expect(service.sessions.map(({ label }) => label)).toEqual(['a#2', 'a']);
  });

  it('is not lost where the coordinator ends it', async () => {
    const worker = new Worker({});
    await worker.session();
    service.close();
    expect(await worker.end()).toMatchObject({ code: status.OK });
    expect(told).toEqual(['a opened', 'a left: this coordinator is ending']);
  });
});

describe('a run’s text', () => {
  async function pieces(request: object) {
    const worker = new Worker({});
    const session = await worker.session();
    const sha256 = 'ab'.repeat(32);
    return readAll(client.corpus({ session, sha256, offset: 0, bytes: ids.length, ...request }));
  }

  it('comes whole, in chunks', async () => {
    service.poolFor().begin(served('r1'), listener);
    const { messages, refused } = await pieces({});
    expect([messages.length, refused]).toEqual([3, null]);
    expect(Buffer.concat(messages.map(({ data }) => data)).equals(bytesOf(ids))).toBe(true);
  });

  it.each([
    ['another run’s', { sha256: 'cd'.repeat(32) }, status.NOT_FOUND],
    ['beyond its end', { offset: 1 }, status.INVALID_ARGUMENT],
    ['too much of it', { bytes: limits.CORPUS_CALL_BYTES_MAX + 1 }, status.INVALID_ARGUMENT],
    ['nobody’s', { session: 'nobody' }, status.NOT_FOUND],
  ])('is refused where it is %s', async (_what, request, code) => {
    service.poolFor().begin(served('r1'), listener);
    expect((await pieces(request)).refused).toMatchObject({ code });
  });

  it('is refused between two runs', async () => {
    expect((await pieces({})).refused?.details).toContain("the present run's is none");
  });
});
