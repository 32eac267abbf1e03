import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever, RocinanteError } from '@rocinante/base';
import { Engine, type EngineOptions } from '@rocinante/engine';
import type { EngineReply, EngineRequest } from './engine-messages.js';
import { RunCompute } from './run-compute.js';

/**
 * The engine's thread: the only one of the process in which TensorFlow runs. It answers requests one after another.
 */
const port = parentPort;
assert(port !== null, 'engine-thread.js runs as a worker thread');
const options = workerData as EngineOptions;
let engine: Engine | null = null;
let run: RunCompute | null = null;

port.on('message', ({ id, request }: { id: number; request: EngineRequest }) => {
  try {
    const value = answer(request);
    reply({ id, ok: true, value, liveHandles: loaded().liveHandles });
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    const { code, exitCode, message } = error;
    reply({ id, ok: false, code, exitCode, message, liveHandles: engine?.liveHandles ?? 0 });
  }
});

function reply(message: EngineReply): void {
  port!.postMessage(message);
}

function answer(request: EngineRequest): unknown {
  switch (request.type) {
    case 'describe': {
      engine ??= Engine.load(options);
      const { tensorflowVersion, device, model, features } = engine.description;
      return { tensorflow: tensorflowVersion, device, model, features };
    }
    case 'open-run':
      run?.dispose();
      run = null;
      loaded().expectTf32(request.config.precision === 'tf32');
      run = new RunCompute(loaded(), request);
      return null;
    case 'prove':
      return openRun().prove();
    case 'rest':
      run?.rest();
      return null;
    case 'train': {
      const started = performance.now();
      const result = openRun().train(request);
      return result && { ...result, seconds: (performance.now() - started) / 1000 };
    }
    case 'evaluate':
      return openRun().evaluate(request);
    case 'sample':
      return openRun().sample(request);
    default:
      return assertNever(request);
  }
}

function loaded(): Engine {
  assert(engine !== null, 'the engine is loaded by the first request, `describe`');
  return engine;
}

function openRun(): RunCompute {
  assert(run !== null, 'no run is open in the engine thread');
  return run;
}
