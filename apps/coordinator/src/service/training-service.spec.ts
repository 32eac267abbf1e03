/**
 * Goal: what workers send is checked and passed on, each run's to its own, and every session has one end. Method: real
 * clients over gRPC; a listener that notes what it is told, in place of a run.
 */
import { status, type ClientDuplexStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import {
  dial,
  encodeContributionRange,
  limits,
  listen,
  WireError,
  type CoordinatorMessageReceived,
  type ListeningServer,
  type TrainingClient,
  type WorkerMessage,
} from '@rocinante/wire';
import { eventually, readAll } from '../daemon/spec-coordinator.js';
import { ParameterFeed } from './parameter-feed.js';
import { TrainingService } from './training-service.js';
import type { Admission, RunListener, ServedRun } from './worker-pool.js';

const layout = createLayout([{ name: 'w', shape: [8] }]);
const ids = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 7);

let told: string[];
let refused: string[];
let service: TrainingService;
let server: ListeningServer;
let client: TrainingClient;

beforeEach(async () => {
  [told, refused] = [[], []];
  service = new TrainingService({
    opened: ({ name }) => told.push(`${name} opened`),
    closed: ({ name }, reason, lost) => told.push(`${name} ${lost ? 'lost' : 'left'}: ${reason}`),
    refused: (code) => refused.push(code),
    late: ({ name }, lines) => told.push(`${name} ${lines} late`),
  });
  server = await listen('127.0.0.1:0', { training: service.handlers });
  client = dial(server.address);
});
afterEach(async () => {
  service.close();
  client.close();
  await server.stop();
});

function lines(count: number): string[] {
  return Array.from({ length: count }, () => '{}');
}

/** A worker's control stream, with what came down it. */
class Worker {
  readonly messages: CoordinatorMessageReceived[] = [];
  readonly call: ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  ended: { code: number; details: string } | null = null;

  constructor(hello: object | null) {
    this.call = client.work();
    this.call.on('data', (message: CoordinatorMessageReceived) => this.messages.push(message));
    this.call.on('error', () => undefined);
    this.call.on('status', ({ code, details }) => (this.ended = { code, details }));
    if (hello)
      this.call.write({ hello: { protocolMin: 1, protocolMax: 1, name: 'a', threads: 1, ...hello } });
  }

  message<Kind extends keyof CoordinatorMessageReceived>(
    kind: Kind,
  ): Promise<CoordinatorMessageReceived[Kind]> {
    return eventually(() => this.messages.find(({ message }) => message === kind)?.[kind] ?? null);
  }

  async session(): Promise<string> {
    return (await this.message('welcome'))!.session;
  }

  end(): Promise<{ code: number; details: string }> {
    return eventually(() => this.ended);
  }
}

function served(id: string): ServedRun {
  const numbers = service.takeNumbers();
  const feed = new ParameterFeed(layout, numbers.firstVersion);
  feed.publish(new Float32Array(layout.length));
  const corpus = { sha256: 'ab'.repeat(32), ids, vocabularySize: 7 };
  return { id, configJson: '{}', layoutSha256: '', rangeCount: 1, corpus, feed, numbers, admission };
}

/** Parks one that comes with this proof. */
const OTHER_PROOF = 'b'.repeat(64);
const admission: Admission = {
  judge: (_session, proof) => (proof === OTHER_PROOF ? 'its bits are others' : null),
  refused: ({ name }, reason) => told.push(`${name} refused: ${reason}`),
  left: ({ name }) => told.push(`${name} left without work`),
};

const listener: RunListener = {
  ready: ({ name }) => told.push(`${name} ready`),
  left: ({ name }, reason, lost) => told.push(`${name} ${lost ? 'lost' : 'left'} the run: ${reason}`),
  reported: ({ name }) => told.push(`${name} reported`),
  evaluated: ({ name }) => told.push(`${name} evaluated`),
  rangeArrived: ({ name }, { range }) => {
    if (range === 9) throw new WireError('CHECKSUM_MISMATCH', 'range 9: it is damaged');
    told.push(`${name} range ${range}`);
    return true;
  },
  sampled: ({ name }) => told.push(`${name} sampled`),
  logged: ({ name }, lines) => told.push(`${name} logged ${lines.length}`),
};

describe('a session', () => {
  it.each([
    ['another protocol', { protocolMin: 7, protocolMax: 9 }, status.FAILED_PRECONDITION, 'PROTOCOL_VERSION'],
    ['no name', { name: '' }, status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a name that logs cannot carry', { name: 'a\nb' }, status.INVALID_ARGUMENT, 'MALFORMED'],
    ['a pool too long', { pool: 'p'.repeat(129) }, status.INVALID_ARGUMENT, 'MALFORMED'],
  ])('is refused with %s', async (_what, hello, code, why) => {
    expect(await new Worker(hello).end()).toMatchObject({ code });
    expect([refused, told, service.sessions]).toEqual([[why], [], []]);
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
    service.pool().begin(served('r1'), listener);
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
    service.pool().begin(served('r1'), listener);
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

describe('a run', () => {
  it('is offered to the workers of its pool, now and later, and ends with its reason', async () => {
    const here = new Worker({ name: 'here' });
    const elsewhere = new Worker({ name: 'elsewhere', pool: 'gpu' });
    await here.session();
    await elsewhere.session();
    service.pool().begin(served('r1'), listener);
    const late = new Worker({ name: 'late' });
    for (const worker of [here, late]) {
      expect(await worker.message('startRun')).toMatchObject({
        run: 'r1',
        activation: 1,
        corpus: { length: ids.length },
      });
    }
    const ended = service.pool().end('all 5 steps are closed');
    for (const worker of [here, late]) {
      expect(await worker.message('endRun')).toEqual({
        run: 'r1',
        activation: 1,
        reason: 'all 5 steps are closed',
      });
    }
    expect(elsewhere.messages.map(({ message }) => message)).toEqual(['welcome']);
    await ended;
  });

  it('is the pool’s although everybody left, and a pool with nobody and nothing is forgotten', async () => {
    const pool = service.pool('gpu');
    const first = new Worker({ pool: 'gpu' });
    await first.session();
    pool.begin(served('r1'), listener);
    first.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    const second = new Worker({ pool: 'gpu' });
    await second.message('startRun');
    void pool.end('stopped');
    second.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    expect(service.pool('gpu')).not.toBe(pool);
  });

  it('hears the last lines of its workers’ logs after its end, and is over when they have said so', async () => {
    const [first, second] = [new Worker({ name: 'first' }), new Worker({ name: 'second' })];
    await first.session();
    await second.session();
    const pool = service.pool();
    pool.begin(served('r1'), listener);
    let over = false;
    const ended = pool.end('done').then(() => (over = true));
    first.call.write({ logLines: { json: lines(2), activation: 1 } });
    first.call.write({ logLines: { activation: 1, last: true } });
    await eventually(() => told.find((line) => line === 'first logged 0') ?? null);
    expect(over).toBe(false);
    second.call.write({ logLines: { json: lines(1), activation: 1, last: true } });
    await ended;
    expect(told.slice(2)).toEqual(['first logged 2', 'first logged 0', 'second logged 1']);
    first.call.write({ logLines: { json: lines(3), activation: 1 } });
    await eventually(() => told.find((line) => line === 'first 3 late') ?? null);
  });

  it('does not wait long for a worker that says no more, nor for one that leaves', async () => {
    const silent = new Worker({});
    await silent.session();
    const pool = service.pool();
    pool.begin(served('r1'), listener);
    await pool.end('done');
    pool.begin(served('r1'), listener);
    const ended = pool.end('done');
    silent.call.end();
    await ended;
    expect(service.sessions).toEqual([]);
  });

  it('hears nothing of what is still on its way from an earlier one', async () => {
    const worker = new Worker({});
    const session = await worker.session();
    const earlier = served('r1');
    service.pool().begin(earlier, listener);
    void service.pool().end('stopped');
    service.pool().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 1 } });
    worker.call.write({ evaluation: { assignment: 1 } });
    worker.call.write({ ready: { run: 'r1', activation: 2 } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
    const summary = await new Promise((resolve) => {
      const call = client.contribute((error, response) => resolve(error ?? response));
      for (const assignment of [earlier.numbers.firstAssignment, earlier.numbers.firstAssignment + 2 ** 32]) {
        call.write(range(session, assignment, 0));
      }
      call.end();
    });
    expect(summary).toEqual({ rangesAdded: 1, rangesIgnored: 1 });
    expect(told).toEqual(['a opened', 'a ready', 'a range 0']);
  });

  it('gives no work to a parked worker, hears nothing of it, and offers it the next run', async () => {
    service.pool().begin(served('r1'), listener);
    const worker = new Worker({});
    const session = await worker.session();
    worker.call.write({ ready: { run: 'r1', activation: 1, proof: OTHER_PROOF } });
    worker.call.write({ evaluation: { assignment: 1 } });
    await eventually(() => (service.pool().idle[0]?.standing === 'parked' ? true : null));
    expect(service.pool().workers).toEqual([]);
    expect(service.sessions[0]).toMatchObject({ ready: false, standingReason: 'its bits are others' });
    const summary = await new Promise((resolve) => {
      const call = client.contribute((error, response) => resolve(error ?? response));
      call.end(range(session, 1, 0));
    });
    expect(summary).toEqual({ rangesAdded: 0, rangesIgnored: 1 });
    void service.pool().end('stopped');
    expect(service.pool().idle).toEqual([]);
    service.pool().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 2, proof: 'a'.repeat(64) } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
    worker.call.end();
    await eventually(() => (service.sessions.length === 0 ? true : null));
    expect(told).toEqual(['a opened', 'a ready', 'a left the run: it left', 'a left: it left']);
  });

  it('hears of a worker that cannot work for it, which stays for the next', async () => {
    service.pool().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ trouble: { activation: 9, code: 'MALFORMED', message: 'of another run' } });
    worker.call.write({ trouble: { activation: 1, code: 'MALFORMED', message: 'key: unknown' } });
    await eventually(() => (service.pool().idle[0]?.standing === 'refused' ? true : null));
    expect(told).toEqual(['a opened', 'a refused: MALFORMED: key: unknown']);
    void service.pool().end('stopped');
    service.pool().begin(served('r1'), listener);
    worker.call.write({ ready: { run: 'r1', activation: 2, proof: '' } });
    await eventually(() => told.find((line) => line === 'a ready') ?? null);
  });

  it('loses the worker whose proof is no hash', async () => {
    service.pool().begin(served('r1'), listener);
    const worker = new Worker({});
    worker.call.write({ ready: { run: 'r1', activation: 1, proof: 'A'.repeat(64) } });
    expect((await worker.end()).details).toMatch(/^joining proof of worker a: expected a SHA-256/);
  });

  it('loses the worker that says Ready twice, or sends a damaged range', async () => {
    service.pool().begin(served('r1'), listener);
    const twice = new Worker({ name: 'twice' });
    for (let i = 0; i < 2; i++) twice.call.write({ ready: { run: 'r1', activation: 1 } });
    expect((await twice.end()).details).toBe('worker twice said Ready twice');
    const damaged = new Worker({ name: 'damaged' });
    const session = await damaged.session();
    damaged.call.write({ ready: { run: 'r1', activation: 1 } });
    await eventually(() => told.find((line) => line === 'damaged ready') ?? null);
    const call = client.contribute(() => undefined);
    call.on('error', () => undefined).write(range(session, 1, 9));
    expect(await damaged.end()).toMatchObject({ code: status.DATA_LOSS, details: 'range 9: it is damaged' });
    expect(told).toContain('damaged lost the run: range 9: it is damaged');
    expect(refused).toEqual(['MALFORMED', 'CHECKSUM_MISMATCH']);
  });

  it('takes nothing of a session that never was', async () => {
    const answer = await new Promise<{ code?: number } | null>((resolve) => {
      client.contribute((error) => resolve(error)).end(range('nobody', 1, 0));
    });
    expect(answer).toMatchObject({ code: status.NOT_FOUND });
    expect((await readAll(client.parameters({ session: 'nobody' }))).refused).toMatchObject({
      code: status.NOT_FOUND,
    });
    expect(refused).toEqual(['UNKNOWN_SESSION', 'UNKNOWN_SESSION']);
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
    service.pool().begin(served('r1'), listener);
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
    service.pool().begin(served('r1'), listener);
    expect((await pieces(request)).refused).toMatchObject({ code });
  });

  it('is refused between two runs', async () => {
    expect((await pieces({})).refused?.details).toContain("the present run's is none");
  });
});

function range(session: string, assignment: number, index: number): Buffer {
  return encodeContributionRange(session, assignment, new Int32Array(layout.length), {
    ...layout.ranges[0],
    index,
  });
}
