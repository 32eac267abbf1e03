/**
 * Goal: whatever comes to a coordinator's two ports is refused or dropped by name and counted, and the run that it works on
 * ends with the bits of an undisturbed one. Method: one daemon with one light worker, which takes its time, and one run without
 * an end; all that is hostile comes while it runs. Then another worker goes as far, alone.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import {
  dial,
  dialRuns,
  encodeContributionRange,
  limits,
  type CoordinatorMessageReceived,
  type PushChunk,
  type WorkerMessage,
} from '@rocinante/wire';
import { Daemon, until, type RunJson } from '../support/daemon.js';
import { framed, RawCall, RawConnection } from '../support/byte-clients.js';
import { LightWorker } from '../support/light-worker.js';
import { ENDLESS } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';
import { speak } from '../support/stranger.js';

/** About that of a light worker's gradient: another would be asked about before it counts. */
const LIGHT_NORM = 0.035;
const SLOW_MS = 25;
const QUICK_MS = 1;
const CONTRIBUTE = '/rocinante.training.v1.Training/Contribute';
/** How a client of HTTP/2 begins: the preface and empty settings. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
const hello = { protocolMin: 1, protocolMax: 1, name: 'stranger', threads: 1 };

const workspace = new Workspace();
let order: string[];
let daemon: Daemon;
let worker: LightWorker;
let run: RunJson;

beforeAll(async () => {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', smallConfig);
  order = ['--corpus', corpus, '--config', config, '--batch', '16', '--micro-batch', '4'];
  daemon = await Daemon.start({ data: workspace.in('data') });
  work();
  run = await daemon.startRun([...order, '--steps', String(ENDLESS)]);
  await daemon.stepsTaken(run.id, 1);
}, 240_000);

/** Has the run's own worker join; it comes back where the flood costs it the coordinator. */
function work(): void {
  worker = new LightWorker(daemon.grpc, 'own', { computeMs: SLOW_MS });
  void worker.ended.then((error) => (error === null ? undefined : work()));
}

afterAll(async () => {
  worker.leave();
  await daemon.end();
  workspace.remove();
});

/** How often something was refused for this reason. */
function refused(why: string): Promise<number> {
  return daemon.metric(`rocinante_coordinator_refused_connections_total{why="${why}"}`);
}

/** Waits until the log has a warning of this code that matches. */
function isLogged(code: string, words: RegExp | string): Promise<void> {
  return until(`the log to tell of ${code}, ${words}`, () =>
    daemon.log.some(
      (line) =>
        line.level === 'warn' &&
        line.code === code &&
        (typeof words === 'string' ? line.msg.includes(words) : words.test(line.msg)),
    ),
  );
}

/** Pushes these chunks, and gives the status. */
async function push(chunks: readonly PushChunk[]): Promise<ServiceError | null> {
  const client = dialRuns(daemon.grpc);
  try {
    return await new Promise((resolve) => {
      const call = client.push((error) => resolve(error));
      for (const chunk of chunks) call.write(chunk);
      call.end();
    });
  } finally {
    client.close();
  }
}

function contents(): string[] {
  return readdirSync(join(daemon.data, 'contents'));
}

it('a worker that takes work and dies in the middle of its contribution', { timeout: 120_000 }, async () => {
  const client = dial(daemon.grpc);
  const call = client.work();
  call.on('error', () => undefined);
  let session = '';
  const { joiningProof: proof } = await daemon.json<{ joiningProof: string }>(['run', 'show', run.id]);
  const granted = await new Promise<{ assignment: number; range: number }>((resolve) => {
    call.on('data', ({ welcome, startRun, assign, grant }: CoordinatorMessageReceived) => {
      if (welcome) session = welcome.session;
      if (startRun) call.write({ ready: { run: startRun.run, activation: startRun.activation, proof } });
      if (assign) call.write({ report: inventedReport(assign) });
      if (grant) resolve(grant);
    });
    call.write({ hello: { ...hello, name: 'short-lived' } });
  });
  const { assignment, range } = granted;
  const [cells] = createLayout([{ name: 'bias', shape: [9_524] }]).ranges;
  const message = encodeContributionRange(session, assignment, new Int32Array(9_524), {
    ...cells,
    index: range,
  });
  const contribution = new RawCall(daemon.grpc, CONTRIBUTE);
  await new Promise<unknown>((resolve) =>
    contribution.stream.write(framed(message).subarray(0, message.length / 2), resolve),
  );
  contribution.cut();
  call.cancel();
  client.close();
  await until('the coordinator to miss it', () =>
    daemon.log.some(({ worker, msg }) => worker === 'short-lived' && msg.startsWith('worker lost')),
  );
});

it(
  'thousands of connections: those above the limit are closed as they come',
  { timeout: 180_000 },
  async () => {
    const open = await Promise.all(
      Array.from({ length: limits.CONNECTIONS_MAX + 200 }, () => RawConnection.open(daemon.grpc, PREFACE)),
    );
    await until('connections to be refused', async () => (await refused('TOO_MANY_CONNECTIONS')) >= 100);
    for (const { socket } of open) socket.destroy();
    await Promise.all(open.map(({ closed }) => closed));
    await isLogged('TOO_MANY_CONNECTIONS', /^refused: 127\.0\.0\.1:\d+: there are 2048 connections already/);
    // The five first are lines of their own; a flood fills no disk.
    expect(daemon.log.filter(({ code }) => code === 'TOO_MANY_CONNECTIONS').length).toBeLessThan(20);
    await until('room for others', async () => (await daemon.command(['run', 'list'])).code === 0);
  },
);

describe.concurrent('on the port of workers and operators', { timeout: 180_000 }, () => {
  it('random bytes, and HTTP/1.1', async () => {
    for (const bytes of [randomBytes(1000), 'GET / HTTP/1.1\r\nHost: nobody\r\n\r\n']) {
      const connection = await RawConnection.open(daemon.grpc, bytes);
      await connection.closed;
      await isLogged('MALFORMED', `${connection.name}: it does not keep to HTTP/2`);
    }
    expect(await refused('MALFORMED')).toBeGreaterThanOrEqual(2);
  });

  it('a connection that says nothing', async () => {
    const connection = await RawConnection.open(daemon.grpc);
    await connection.closed;
    await isLogged('TIMEOUT', `${connection.name}: it did not begin to speak HTTP/2`);
  });

  it('a connection that begins to speak, and reads and says nothing more', async () => {
    // Its keep-alives are not answered.
    const connection = await RawConnection.open(daemon.grpc, PREFACE);
    await connection.closed;
    expect(connection.received.length).toBeGreaterThan(0);
  });

  it('a session without Hello, and one of another protocol', async () => {
    const [silent, newer] = await Promise.all([
      speak(daemon.grpc, null, null),
      speak(daemon.grpc, null, { hello: { ...hello, protocolMin: 8, protocolMax: 9 } }),
    ]);
    expect(silent).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no Hello within 5000 ms' });
    expect(newer.code).toBe(status.FAILED_PRECONDITION);
    await isLogged('TIMEOUT', /no Hello within 5000 ms/);
    await isLogged('PROTOCOL_VERSION', /worker stranger: expected protocol \d+ to \d+, received 8 to 9/);
    expect(await refused('PROTOCOL_VERSION')).toBeGreaterThanOrEqual(1);
  });

  it('messages over the limit: announced, and compressed to little', async () => {
    const call = new RawCall(daemon.grpc, CONTRIBUTE);
    call.stream.write(framed(Buffer.alloc(10), limits.MESSAGE_BYTES_MAX + 1));
    expect(await call.status()).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    call.cut();
    await isLogged(
      'MESSAGE_TOO_LARGE',
      /\d: \/rocinante\.training\.v1\.Training\/Contribute: Received message larger/,
    );
    expect(await refused('MESSAGE_TOO_LARGE')).toBeGreaterThanOrEqual(1);
  });

  it('messages that are none, and calls that do not exist', async () => {
    const noise = new RawCall(daemon.grpc, CONTRIBUTE);
    noise.stream.write(framed(Buffer.from('ffffffff', 'hex')));
    expect(await noise.status()).toMatchObject({
      code: status.INTERNAL,
      details: 'Error deserializing request',
    });
    await isLogged('MALFORMED', /Contribute: Error deserializing request/);
    const unknown = new RawCall(daemon.grpc, '/rocinante.training.v1.Training/Sudo');
    expect(await unknown.status()).toMatchObject({ code: status.UNIMPLEMENTED });
    for (const call of [noise, unknown]) call.cut();
  });

  it('an operator who watches a run and never reads', async () => {
    const watcher = new RawCall(daemon.grpc, '/rocinante.training.v1.Runs/Watch');
    watcher.stream.pause();
    // Field 1, a text: the run's id.
    watcher.stream.end(framed(Buffer.from(`\x0a${String.fromCharCode(run.id.length)}${run.id}`)));
    const shown = await daemon.json(['run', 'show', run.id]);
    expect(shown.id).toBe(run.id);
    watcher.cut();
  });

  it('texts that are not what they are said to be, or stop half-way', async () => {
    const data = Buffer.from('call me Ishmael');
    const sha256 = createHash('sha256').update(data).digest('hex');
    const other = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const bytes = data.length;
    const [liar, short, long, huge, path, none] = await Promise.all([
      push([{ sha256: other, bytes, data }]),
      push([{ sha256, bytes: bytes + 1, data }]),
      push([{ sha256, bytes, data }, { data }]),
      push([{ sha256, bytes: 2 ** 40, data }]),
      push([{ sha256: '../../etc/passwd', bytes, data }]),
      push([]),
    ]);
    expect(liar).toMatchObject({ code: status.DATA_LOSS });
    expect(short).toMatchObject({ code: status.DATA_LOSS });
    expect(long).toMatchObject({ code: status.DATA_LOSS });
    expect(huge).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(path).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(none).toMatchObject({ code: status.INVALID_ARGUMENT });
    await isLogged('CONTENT_HASH', other);
    await isLogged('CONTENT_TOO_LARGE', sha256);
    await isLogged('CONTENT_NAME', '../../etc/passwd');
    await isLogged('INVALID_ARGUMENT', 'push: expected a content, received nothing');
    expect(await refused('CONTENT_LENGTH')).toBe(2);

    const client = dialRuns(daemon.grpc);
    const call = client.push(() => undefined);
    call.write({ sha256: other, bytes: 1e6, data });
    await until('the text to begin to come', () => contents().some((name) => name.startsWith(other)));
    client.close();
    call.cancel();
    await until('what came of it to be removed', () => !contents().some((name) => name.startsWith(other)));
    // Nothing is left but the text of the run.
    expect(contents()).toEqual([run.corpusSha256]);
  });
});

describe.concurrent('on the port of HTTP', { timeout: 180_000 }, () => {
  const request = 'GET /metrics HTTP/1.1\r\nHost: here\r\n';

  it('headers without end', async () => {
    const connection = await RawConnection.open(daemon.http, `${request}X: ${'x'.repeat(100_000)}`);
    await connection.closed;
    expect(connection.received).toMatch(/^HTTP\/1\.1 431 /);
    await isLogged('MESSAGE_TOO_LARGE', `${connection.name}: HTTP 431`);
  });

  it('a request that comes a letter at a time, and one that never comes', async () => {
    const [slow, silent] = await Promise.all([
      RawConnection.open(daemon.http, request),
      RawConnection.open(daemon.http),
    ]);
    const timer = setInterval(() => slow.socket.write('X-A: b\r\n'), 200);
    await Promise.all([slow.closed, silent.closed]);
    clearInterval(timer);
    expect(slow.received).toMatch(/^HTTP\/1\.1 408 /);
    await isLogged('TIMEOUT', `${slow.name}: HTTP 408`);
    await isLogged('TIMEOUT', `${silent.name}: HTTP 408`);
  });

  it('random bytes, and a path that leads elsewhere', async () => {
    const connection = await RawConnection.open(daemon.http, randomBytes(1000));
    await connection.closed;
    expect(connection.received).toMatch(/^HTTP\/1\.1 400 /);
    await isLogged('MALFORMED', `${connection.name}: HTTP 400`);
    const away = await RawConnection.open(
      daemon.http,
      'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    await away.closed;
    expect(away.received).toMatch(/^HTTP\/1\.1 404 /);
  });
});

it('and the run ends undisturbed', { timeout: 240_000 }, async () => {
  worker.computeMs = QUICK_MS;
  const { state, step, weightsSha256 } = await daemon.toItsEnd(run.id);
  expect(state).toBe('done');
  // Of all that came, only one had worked for it; its own may have lost the coordinator in the flood, and come back.
  const joined = daemon.events(run.id).filter(({ event }) => event === 'worker-joined');
  expect([...new Set(joined.map(({ worker }) => worker))]).toEqual(['own', 'short-lived']);
  expect(daemon.process.exitCode).toBeNull();
  worker.leave();
  worker = new LightWorker(daemon.grpc, 'alone', { computeMs: QUICK_MS });
  const { id } = await daemon.startRun([...order, '--steps', String(step)]);
  expect(await daemon.ended(id)).toMatchObject({ state: 'done', step, weightsSha256 });
});

/** A report of micro-batches that were never computed. */
function inventedReport({
  assignment,
  microBatches,
  gridExponents,
}: NonNullable<CoordinatorMessageReceived['assign']>): NonNullable<WorkerMessage['report']> {
  return {
    assignment,
    results: microBatches.map((microBatch) => ({
      microBatch,
      lossSum: 1,
      norm: LIGHT_NORM,
      finite: true,
      hash: 0,
    })),
    magnitudes: Buffer.alloc(4 * gridExponents.length),
    fits: true,
    computeSeconds: 0.001,
  };
}
