import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever, RocinanteError } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import type { EngineReply, EngineRequest } from './engine-messages.js';
import { RunCompute } from './run-compute.js';

/**
 * The engine's thread: the only one of the process in which TensorFlow runs. It answers requests one after another.
 */
const port = parentPort;
assert(port !== null, 'engine-thread.js runs as a worker thread');
const engine = Engine.load({ threads: (workerData as { threads: number }).threads });
let run: RunCompute | null = null;

port.on('message', ({ id, request }: { id: number; request: EngineRequest }) => {
  try {
    reply({ id, ok: true, value: answer(request) });
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    reply({ id, ok: false, code: error.code, message: error.message });
  }
});

function reply(message: EngineReply): void {
  port!.postMessage(message);
}

function answer(request: EngineRequest): unknown {
  switch (request.type) {
    case 'describe': {
      const { tensorflowVersion, device, processor, features } = engine.description;
      return { tensorflow: tensorflowVersion, device, model: processor, features };
    }
    case 'open-run':
      run?.dispose();
      run = new RunCompute(engine, request);
      return null;
    case 'close-run':
      run?.dispose();
      run = null;
      return null;
    case 'train':
      return openRun().train(request);
    case 'evaluate':
      return openRun().evaluate(request);
    case 'sample':
      return openRun().sample(request);
    default:
      return assertNever(request);
  }
}

function openRun(): RunCompute {
  assert(run !== null, 'no run is open in the engine thread');
  return run;
}
