/** A worker and a coordinator that goes, comes back, does not answer, or does not want it: over real connections, timed. */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '@rocinante/log';
import { limits, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN, WireError } from '@rocinante/wire';
import type { EngineFacts } from './engine-messages.js';
import { EngineProxy } from './engine-proxy.js';
import { LogRelay } from './log-relay.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { ScriptedCoordinator, until } from './spec-scripted-coordinator.js';
import { workerConfig } from './spec-worker-config.js';
import { Worker } from './worker.js';

/** What is promised, from the coordinator's return to the worker's: on a quiet machine, and on one with other work. */
const BACK_WITHIN_MS = process.env.ROCINANTE_LONG === '1' ? 3_000 : 10_000;

let engine: EngineProxy;
let facts: EngineFacts;
let worker: Worker;
let lines: string[];
let ended: Promise<void>;

beforeAll(async () => {
  engine = new EngineProxy({ threads: 1 }, (error) => {
    throw error;
  });
  facts = await engine.request({ type: 'describe' });
});
afterAll(() => engine.stop());

beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  worker.stop();
  await ended.catch(() => undefined);
});

function startWorker(coordinator: string, said = facts): void {
  const relay = new LogRelay();
  const log = createLogger({
    level: 'info',
    destination: { write: () => undefined },
    onLine: (line) => lines.push((JSON.parse(line) as { msg: string }).msg),
  });
  const config = workerConfig(coordinator, { pool: 'fast' });
  worker = new Worker(config, { engine, log, relay, metrics: new WorkerMetrics('0') });
  ended = worker.run(said);
  ended.catch(() => undefined);
}

/** The line at each return. */
function joined(address: string): unknown {
  return expect.stringMatching(`^joined the coordinator at ${address}, to compute on cpu .+, 1 thread$`);
}

/** An address of this machine that nobody else takes ports of, as long as a coordinator is away. */
const OWN_ADDRESS = '127.0.0.2:0';

/** A port that is free, and stays so. */
async function freeAddress(): Promise<string> {
  const coordinator = await ScriptedCoordinator.start(OWN_ADDRESS);
  await coordinator.stop();
  return coordinator.address;
}

async function timeUntil(isSo: () => boolean, what: string): Promise<number> {
  const start = performance.now();
  await until(isSo, what);
  return performance.now() - start;
}

describe('a worker', { timeout: 120_000 }, () => {
  it('introduces itself with its pool', async () => {
    const coordinator = await ScriptedCoordinator.start();
    startWorker(coordinator.address);
    const { hello } = await coordinator.message('hello');
    const { lstm, notice, ...kind } = facts;
    expect(hello).toMatchObject({ name: 'a', pool: 'fast', threads: 1, httpAddress: '', engine: kind });
    expect(notice).toBeNull();
    // The processor's plain path goes without saying.
    expect(lstm.path).toBe('plain');
    expect(kind.features.filter((feature) => feature.startsWith('lstm='))).toEqual([]);
    await coordinator.stop();
  });

  it('says no more of its engine than a coordinator takes', async () => {
    const coordinator = await ScriptedCoordinator.start();
    const { ENGINE_FEATURES_MAX, ENGINE_TEXT_LENGTH_MAX } = limits;
    const features = Array.from({ length: ENGINE_FEATURES_MAX + 1 }, () => `cudnn=/${'x'.repeat(4_000)}`);
    startWorker(coordinator.address, { ...facts, features });
    const said = (await coordinator.message('hello')).hello!.engine!.features;
    expect(said).toEqual(features.slice(1).map((path) => path.slice(0, ENGINE_TEXT_LENGTH_MAX)));
    await coordinator.stop();
  });

  it('waits for a coordinator that is not there yet, says so once, and joins when it comes', async () => {
    const address = await freeAddress();
    startWorker(address);
    // Long enough for attempts to be as far apart as they get.
    await sleep(4_000);
    expect(lines).toEqual([expect.stringContaining(`waiting for the coordinator at ${address}: `)]);
    const coordinator = await ScriptedCoordinator.start(address);
    expect(await timeUntil(() => worker.connected, 'a session')).toBeLessThan(BACK_WITHIN_MS);
    expect(lines.slice(1)).toEqual([joined(address)]);
    await coordinator.stop();
  });

  it('is back soon after a coordinator that died, with one line at the loss and one at the return', async () => {
    const before = await ScriptedCoordinator.start(OWN_ADDRESS);
    const { address } = before;
    startWorker(address);
    await until(() => worker.connected, 'a session');
    await before.stop();
    await sleep(4_000);
    expect(worker.connected).toBe(false);
    const after = await ScriptedCoordinator.start(address);
    expect(await timeUntil(() => worker.connected, 'a session')).toBeLessThan(BACK_WITHIN_MS);
    expect(lines).toEqual([
      joined(address),
      expect.stringContaining(`lost the coordinator at ${address}, waiting for it: `),
      joined(address),
    ]);
    await after.stop();
  });

  it('does not wait for a server that takes the connection and never answers', async () => {
    const address = await freeAddress();
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) =>
      sockets.push(socket.on('error', () => undefined).resume()),
    );
    const [host, port] = address.split(':');
    await new Promise<void>((resolve) => silent.listen(Number(port), host, resolve));
    startWorker(address);
    await until(() => lines.length === 1, 'a line');
    expect(lines[0]).toBe(
      `waiting for the coordinator at ${address}: no answer within ${limits.CONNECT_TIMEOUT_MS} ms`,
    );
    // The connections stay open, as those of a link that was cut do.
    silent.close();
    const coordinator = await ScriptedCoordinator.start(address);
    expect(await timeUntil(() => worker.connected, 'a session')).toBeLessThan(BACK_WITHIN_MS);
    await until(
      () => sockets.every((socket) => socket.readableEnded || socket.destroyed),
      'closed connections',
    );
    await coordinator.stop();
  });

  it('comes back after the coordinator ended a session', async () => {
    const coordinator = await ScriptedCoordinator.start();
    startWorker(coordinator.address);
    await until(() => worker.connected, 'a session');
    coordinator.endSession();
    await until(() => coordinator.sessions === 2, 'another session');
    expect(lines[1]).toBe(`the coordinator at ${coordinator.address} ended the session; waiting for it`);
    await coordinator.stop();
  });

  it('ends where dialling again would bring the same answer', async () => {
    const refusal = new WireError('PROTOCOL_VERSION', 'worker a: expected protocol 2, received 1');
    const coordinator = await ScriptedCoordinator.start('127.0.0.1:0', refusal);
    startWorker(coordinator.address);
    await expect(ended).rejects.toMatchObject({
      exitCode: 1,
      message: `the coordinator at ${coordinator.address} sent this worker away: ${refusal.message}`,
    });
    await coordinator.stop();
  });

  it('ends where it is welcomed to a protocol that it does not speak', async () => {
    const coordinator = await ScriptedCoordinator.start();
    coordinator.protocol = PROTOCOL_VERSION + 1;
    startWorker(coordinator.address);
    await expect(ended).rejects.toMatchObject({
      exitCode: 1,
      message:
        `the coordinator: expected protocol ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}, ` +
        `received ${PROTOCOL_VERSION + 1}; use the same release on both sides`,
    });
    await coordinator.stop();
  });

  it('ends where it was never let in, and waits where it was: tokens and certificates are renewed', async () => {
    const refusal = new WireError('UNAUTHENTICATED', 'expected a token, received another');
    const closed = await ScriptedCoordinator.start('127.0.0.1:0', refusal);
    startWorker(closed.address);
    await expect(ended).rejects.toMatchObject({ exitCode: 2 });
    await closed.stop();

    const open = await ScriptedCoordinator.start(OWN_ADDRESS);
    const { address } = open;
    startWorker(address);
    await until(() => worker.connected, 'a session');
    await open.stop();
    const renewing = await ScriptedCoordinator.start(address, refusal);
    await sleep(1_500);
    await renewing.stop();
    const renewed = await ScriptedCoordinator.start(address);
    expect(await timeUntil(() => worker.connected, 'a session')).toBeLessThan(BACK_WITHIN_MS);
    await renewed.stop();
  });

  it('leaves when it is stopped: the coordinator hears it, and it does not come back', async () => {
    const coordinator = await ScriptedCoordinator.start();
    startWorker(coordinator.address);
    await until(() => worker.connected, 'a session');
    worker.stop();
    await ended;
    expect(coordinator.leftBy).toBe(1);
    await sleep(300);
    expect(coordinator.sessions).toBe(1);
    await coordinator.stop();
  });
});
