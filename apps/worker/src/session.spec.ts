/** A session over a real connection, with the real engine: run after run, and what crosses a run's end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, type Logger } from '@rocinante/log';
import { dial, limits, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN, type TrainingClient } from '@rocinante/wire';
import { EngineProxy } from './engine-proxy.js';
import { LogRelay } from './log-relay.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { RunPreparation } from './run-preparation.js';
import { assignment, scriptedRun, ScriptedCoordinator, until } from './spec-scripted-coordinator.js';
import { Session } from './session.js';

let engine: EngineProxy;
let coordinator: ScriptedCoordinator;
let client: TrainingClient;
let preparation: RunPreparation;
let session: Session;
let metrics: WorkerMetrics;
let log: Logger;

beforeAll(async () => {
  engine = new EngineProxy({ threads: 1 }, (error) => {
    throw error;
  });
  await engine.request({ type: 'describe' });
});
afterAll(() => engine.stop());

beforeEach(async () => {
  preparation = new RunPreparation(engine);
  metrics = new WorkerMetrics('0');
  await join();
});
afterEach(() => leave());

/** Dials a coordinator that knows nothing of sessions before. */
async function join(): Promise<void> {
  coordinator = await ScriptedCoordinator.start();
  const relay = new LogRelay();
  log = createLogger({ level: 'info', destination: { write: () => undefined }, onLine: relay.take });
  client = dial(coordinator.address);
  const hello = {
    protocolMin: PROTOCOL_VERSION_MIN,
    protocolMax: PROTOCOL_VERSION,
    name: 'a',
    pool: 'default',
  };
  const parts = { engine, preparation, corpusCache: false, log, relay, metrics };
  session = new Session(client, { ...parts, hello, onWelcome: () => undefined });
  await coordinator.message('credit');
}

async function leave(): Promise<void> {
  session.close();
  await session.left;
  client.close();
  await coordinator.stop();
}

/** Two ranges, and one. */
const first = scriptedRun('first', 256, { version: 1, assignment: 1 });
const second = scriptedRun('second', 32, { version: 5, assignment: 10 });

const ready = (run: string): Promise<unknown> =>
  coordinator.message('ready', (message) => message.ready!.run === run);

describe('a session', () => {
  it('serves run after run, and gives back a credit for each range', async () => {
    for (const [run, version, id] of [
      [first, 1, 1],
      [second, 5, 10],
    ] as const) {
      coordinator.startRun(run);
      await ready(run.start.run!);
      coordinator.sendParameters(run, version);
      coordinator.send({ assign: assignment(run, id, version, [0, 3]) });
      const { report } = await coordinator.message('report', (message) => message.report!.assignment === id);
      expect(report!.results.map(({ microBatch, finite }) => [microBatch, finite])).toEqual([
        [0, true],
        [3, true],
      ]);
      expect(report!.fits).toBe(true);
      for (const { index } of run.layout.ranges)
        coordinator.send({ grant: { assignment: id, range: index } });
      const sent = (): number => coordinator.ranges.filter(({ assignment }) => assignment === id).length;
      await until(() => sent() === run.layout.ranges.length, 'ranges');
      coordinator.send({
        endRun: { run: run.start.run!, activation: run.start.activation!, reason: 'done' },
      });
    }
    await until(() => coordinator.credits === limits.CREDITS_OUTSTANDING_MAX + 3, 'credits');
    expect(coordinator.sessions).toBe(1);
    const phases = ['wait', 'receive', 'compute', 'encode', 'send'];
    const expected = phases.map(
      (phase) => `rocinante_worker_step_phase_duration_seconds_count{phase="${phase}"} 2`,
    );
    const missing = async (): Promise<string[]> => {
      const text = await metrics.text();
      return ['rocinante_worker_windows_total 8', ...expected].filter((line) => !text.includes(line));
    };
    await expect.poll(missing, { timeout: 20_000 }).toEqual([]);
  });

  it('gives back the credit of a range that belongs to no run any more, and drops it', async () => {
    coordinator.startRun(first);
    await ready('first');
    // Half of a version; its other half comes when the next run has begun, and a whole one when there was none.
    coordinator.sendParameters(first, 2, [0]);
    coordinator.send({ endRun: { run: 'first', activation: 1, reason: 'stopped' } });
    coordinator.sendParameters(first, 3);
    coordinator.startRun(second);
    await ready('second');
    coordinator.sendParameters(first, 2, [1]);
    coordinator.sendParameters(second, 5);
    coordinator.sendParameters(first, 4, [0]);
    coordinator.send({ assign: assignment(second, 10, 5) });
    await coordinator.message('report');
    await until(() => coordinator.credits === limits.CREDITS_OUTSTANDING_MAX + 6, 'credits');
    expect(coordinator.received.some(({ trouble }) => trouble)).toBe(false);
  });

  it('abandons a preparation whose run ends meanwhile', async () => {
    coordinator.holdCorpus = true;
    coordinator.startRun(first);
    await until(() => coordinator.corpusCallsHeld === 1, 'a call for the corpus');
    coordinator.holdCorpus = false;
    coordinator.send({ endRun: { run: 'first', activation: 1, reason: 'stopped' } });
    coordinator.startRun(second);
    await ready('second');
    await until(() => coordinator.corpusCallsCancelled === 1, 'the call’s end');
    const said = coordinator.received.flatMap(({ ready }) => (ready ? [ready.run] : []));
    expect(said).toEqual(['second']);
    expect(coordinator.received.some(({ trouble }) => trouble)).toBe(false);
  });

  it('says nothing more of a run that has ended in the middle of its work', async () => {
    coordinator.startRun(first);
    await ready('first');
    coordinator.sendParameters(first, 1);
    const all = Array.from({ length: 32 }, (_, k) => k);
    coordinator.send({ assign: assignment(first, 1, 1, all) });
    coordinator.send({ assign: assignment(first, 2, 1) });
    coordinator.send({
      sampleRequest: { request: 1, parametersVersion: 1, prompt: [1], length: 5, seed: 1 },
    });
    await sleep(20);
    coordinator.send({ endRun: { run: 'first', activation: 1, reason: 'stopped' } });
    coordinator.startRun(second);
    await ready('second');
    coordinator.send({ grant: { assignment: 1, range: 0 } });
    coordinator.sendParameters(second, 5);
    // One that crossed the end of the first run, and one of the second.
    coordinator.send({ assign: assignment(first, 3, 1) });
    coordinator.send({ assign: assignment(second, 10, 5) });
    await coordinator.message('report', (message) => message.report!.assignment === 10);
    // What it said before it heard of the end is another matter: a busy machine may have let it come so far.
    const since = coordinator.received.slice(
      coordinator.received.findIndex(({ ready }) => ready?.run === 'second'),
    );
    expect(since.flatMap(({ report }) => (report ? [report.assignment] : []))).toEqual([10]);
    expect(since.some(({ sampleResult }) => sampleResult)).toBe(false);
    expect(coordinator.ranges).toEqual([]);
    expect(coordinator.received.some(({ trouble }) => trouble)).toBe(false);
  });

  it.each([
    [{ layoutSha256: 'f'.repeat(64) }, `run first: layout: expected ${'f'.repeat(64)}, received `],
    [{ configJson: '{' }, 'run first: its configuration is not JSON'],
    [{ configJson: '{"seed":1}' }, "run first: its configuration is another release's: network: "],
  ])('says that it cannot work for a run of %j, stays, and works for the next', async (changes, line) => {
    coordinator.startRun({ ...first, start: { ...first.start, ...changes } });
    const { trouble } = await coordinator.message('trouble');
    expect(trouble).toMatchObject({ activation: 1, code: 'MALFORMED' });
    expect(trouble!.message.startsWith(line)).toBe(true);
    // What crossed it on the way.
    coordinator.sendParameters(first, 1);
    coordinator.send({ assign: assignment(first, 1, 1) });
    coordinator.send({ endRun: { run: 'first', activation: 1, reason: 'stopped' } });
    coordinator.startRun(second);
    await ready('second');
    expect(coordinator.sessions).toBe(1);
  });

  it('ends where a run begins before the last one has ended', async () => {
    coordinator.startRun(first);
    coordinator.startRun(second);
    await expect(session.ended).rejects.toThrow('run second begins before run first has ended');
  });

  it('relays its metrics, and the lines of its log about the run', async () => {
    coordinator.startRun(second);
    await ready('second');
    log.warn('of no run');
    log.child({ run: 'first' }).warn('of another run');
    coordinator.send({ endRun: { run: 'second', activation: 10, reason: 'all its steps are done' } });
    await coordinator.message('logLines', ({ logLines }) => logLines!.last);
    const messages = coordinator.received.flatMap(({ logLines }) => logLines ?? []);
    expect(new Set(messages.map(({ activation }) => activation))).toEqual(new Set([10]));
    const lines = messages.flatMap(({ json }) => json);
    const said = lines.map((line) => JSON.parse(line) as { run: string; msg: string });
    expect(said.map(({ run, msg }) => [run, msg])).toEqual([
      ['second', 'preparing the run'],
      ['second', expect.stringMatching(/^ready to work for the run: prepared in \d/)],
      ['second', 'the run is over: all its steps are done'],
    ]);
    await until(() => coordinator.metricsText.includes('rocinante_worker_connected 1'), 'metrics');
  });
});

describe('a run that is offered again', () => {
  const proofs = (): string[] => coordinator.received.flatMap(({ ready }) => (ready ? [ready.proof] : []));
  const proofOf = async (): Promise<string> => (await coordinator.message('ready')).ready!.proof;
  const lossOf = async (value: number): Promise<number> => {
    coordinator.sendParameters(first, 1, undefined, value);
    coordinator.send({ assign: assignment(first, 1, 1) });
    const { report } = await coordinator.message('report');
    return report!.results[0].lossSum;
  };

  it('is ready at once on another session, and takes nothing of the one before for its own', async () => {
    coordinator.startRun(first);
    const proof = await proofOf();
    const loss = await lossOf(0.01);
    expect(coordinator.corpusCalls).toBe(1);
    await leave();
    await join();
    // Numbers of versions and assignments begin again with a coordinator's life; a run's id is another.
    coordinator.startRun({ ...first, start: { ...first.start, run: 'again' } });
    expect(await proofOf()).toBe(proof);
    expect(coordinator.corpusCalls).toBe(0);
    expect(await lossOf(0.02)).not.toBe(loss);
  });

  it('needs no text where only its length is another', async () => {
    coordinator.startRun(first);
    const proof = await proofOf();
    coordinator.send({ endRun: { run: 'first', activation: 1, reason: 'done' } });
    coordinator.startRun(scriptedRun('longer', 256, { version: 1, assignment: 1 }, { epochs: 2 }));
    await ready('longer');
    expect(proofs()).toEqual([proof, proof]);
    expect(coordinator.corpusCalls).toBe(1);
  });

  it('is prepared and proved anew after another run', async () => {
    const request = vi.spyOn(engine, 'request');
    for (const [index, run] of [first, second, first].entries()) {
      coordinator.startRun(run);
      await until(() => proofs().length === index + 1, 'ready');
      const { run: id, activation } = run.start;
      coordinator.send({ endRun: { run: id!, activation: activation!, reason: 'done' } });
    }
    expect(proofs()[2]).toBe(proofs()[0]);
    expect(proofs()[1]).not.toBe(proofs()[0]);
    // The gradient of which a network makes its graph is the proof's, and no step's.
    expect(request.mock.calls.filter(([{ type }]) => type === 'prove')).toHaveLength(3);
    request.mockRestore();
    // Both are over one text.
    expect(coordinator.corpusCalls).toBe(1);
  });
});
