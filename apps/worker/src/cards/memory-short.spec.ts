// Goal: a worker whose memory is short for a run says so in the line that names what fits: before the run it stays for the next one,
// in its middle it ends, with 2. Method: the real worker over a real connection; the real engine, but for one request, whose
// answer is that of an engine that finds no memory (run-compute.spec.ts).
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RocinanteError } from '@rocinante/base';
import { createLogger } from '@rocinante/log';
import type { EngineAnswers, EngineFacts, EngineRequest } from '../engine-messages.js';
import { EngineProxy } from '../engine-proxy.js';
import { LogRelay } from '../log-relay.js';
import { WorkerMetrics } from '../metrics/worker-metrics.js';
import { assignment, scriptedRun, ScriptedCoordinator, until } from '../spec-scripted-coordinator.js';
import { workerConfig } from '../spec-worker-config.js';
import { Worker } from '../worker.js';
import { MicroBatchMemoryError } from './fitting-micro-batch.js';

const short = new MicroBatchMemoryError(8, 4, 'NVIDIA H200', new Error('OOM'));

/** The engine's thread, which has not the memory for requests of one kind. */
class ShortEngine extends EngineProxy {
  shortFor: EngineRequest['type'] | null = null;

  override request<R extends EngineRequest>(request: R): Promise<EngineAnswers[R['type']]> {
    if (request.type !== this.shortFor) return super.request(request);
    // As an error crosses threads: its line and its codes.
    const { code, exitCode, message } = short;
    return Promise.reject(new RocinanteError(code, exitCode, message));
  }
}

let engine: ShortEngine;
let facts: EngineFacts;
let coordinator: ScriptedCoordinator;
let worker: Worker;
let ended: Promise<void>;

beforeAll(async () => {
  engine = new ShortEngine({ threads: 1 }, (error) => {
    throw error;
  });
  facts = await engine.request({ type: 'describe' });
});
afterAll(() => engine.stop());
afterEach(async () => {
  worker.stop();
  await coordinator.stop();
});

async function begin(shortFor: EngineRequest['type']): Promise<void> {
  engine.shortFor = shortFor;
  coordinator = await ScriptedCoordinator.start();
  const relay = new LogRelay();
  const log = createLogger({ level: 'info', destination: { write: () => undefined } });
  const config = workerConfig(coordinator.address);
  worker = new Worker(config, { engine, log, relay, metrics: new WorkerMetrics('0') });
  ended = worker.run(facts);
  ended.catch(() => undefined);
  await coordinator.message('credit');
}

it('before the run it says that it cannot work for it, and works for the next', async () => {
  await begin('prove');
  coordinator.startRun(scriptedRun('large', 32, { version: 1, assignment: 1 }));
  const { trouble } = await coordinator.message('trouble');
  expect(trouble).toMatchObject({ activation: 1, code: 'MICRO_BATCH_MEMORY', message: short.message });
  engine.shortFor = null;
  coordinator.send({ endRun: { run: 'large', activation: 1, reason: 'stopped' } });
  coordinator.startRun(scriptedRun('small', 64, { version: 5, assignment: 10 }));
  await coordinator.message('ready', ({ ready }) => ready!.run === 'small');
  expect(coordinator.sessions).toBe(1);
});

it('in its middle it says so, and ends with 2', async () => {
  await begin('train');
  const run = scriptedRun('large', 32, { version: 1, assignment: 1 });
  coordinator.startRun(run);
  await coordinator.message('ready');
  coordinator.sendParameters(run, 1);
  coordinator.send({ assign: assignment(run, 1, 1) });
  await expect(ended).rejects.toMatchObject({
    code: 'MICRO_BATCH_MEMORY',
    exitCode: 2,
    message: short.message,
  });
  await until(
    () => coordinator.received.some(({ trouble }) => trouble?.message === short.message),
    'its word',
  );
});
