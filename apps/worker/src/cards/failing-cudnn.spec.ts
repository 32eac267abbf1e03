// Goal: a card on which cuDNN fails whatever the micro-batch is set aside when that has ended two workers, since TensorFlow says the
// same of memory that is short. Method: a path that fails as cuDNN's does; processes that end with the code of the error that
// comes of it, under the real supervisor.
import { chooseLstmPath, type LstmPath } from '@rocinante/compute';
import { Engine, EngineMemoryError, EngineOperationError } from '@rocinante/engine';
import { createLogger } from '@rocinante/log';
import { afterEach, expect, it } from 'vitest';
import { RunCompute } from '../run-compute.js';
import { smallRunConfig } from '../spec-run-config.js';
import { MicroBatchMemoryError } from './fitting-micro-batch.js';
import { CardSupervisor } from './supervisor.js';

const engine = Engine.load();
let compute: RunCompute;
afterEach(() => compute.dispose());

/** What the proof of a run ends with, where cuDNN fails from so many windows on. */
function failureOf(failsFrom: number, microBatch: number): Error {
  const { path } = chooseLstmPath(engine, 'plain');
  const failing: LstmPath = {
    name: path.name,
    gateOrder: path.gateOrder,
    read: (...given) => path.read(...given),
    backward: (...given) => path.backward(...given),
    forward: (layer, input, extent) => {
      if (extent.B < failsFrom) return path.forward(layer, input, extent);
      const words = 'Invalid TF_Status: 13\nMessage: Failed to call DoRnnForward with model config: ';
      throw new EngineMemoryError('CudnnRNNV3', new Error(words), true);
    },
  };
  const config = smallRunConfig(microBatch);
  const ids = new SharedArrayBuffer(2_000);
  compute = new RunCompute(
    engine,
    { type: 'open-run', config, vocabularySize: 7, ids, idBytes: 1, memory: null },
    { path: failing },
  );
  try {
    compute.prove();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

it('is memory that is short where a smaller micro-batch is computed, or none was there to be tried', () => {
  const some = failureOf(9, 32);
  expect(some).toBeInstanceOf(MicroBatchMemoryError);
  expect(some.message).toMatch(/presumably as it is short; 8 windows fit what is free of it now/);
  compute.dispose();
  expect(failureOf(1, 1).message).toMatch(/received 1 windows, .*, or do without cuDNN: --lstm fused$/);
});

it('is a failure where none is, with 1, and sets the card aside at the second', async () => {
  const failure = failureOf(1, 32) as EngineOperationError;
  expect(failure).toBeInstanceOf(EngineOperationError);
  expect(failure).not.toBeInstanceOf(EngineMemoryError);
  expect(failure).toMatchObject({
    code: 'CUDNN_FAILED',
    exitCode: 1,
    message:
      'TensorFlow op CudnnRNNV3 failed with micro-batches of 32 windows, and of every smaller size that was tried: ' +
      'Failed to call DoRnnForward with model config: ; the card may be failing; to do without cuDNN: --lstm fused',
  });
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const supervisor = new CardSupervisor({
    seats: [{ name: 'rucio-0', card: { index: 0, device: 'GPU-0a', shown: 'card 0 (NVIDIA H200)' } }],
    command: () => ['-e', `process.exitCode = ${failure.exitCode}`],
    environment: process.env,
    log,
    relay: () => undefined,
  });
  expect(await supervisor.run()).toBe(1);
  const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(told.some((line) => /ended with exit code 1; it is started again$/.test(line))).toBe(true);
  expect(
    told.some((line) => line.startsWith('card 0 (NVIDIA H200) is set aside: rucio-0 failed twice')),
  ).toBe(true);
});
