import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever, RocinanteError } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import { chooseLstmPath, type LstmPathInUse } from '@rocinante/compute';
import { Engine, type EngineOptions } from '@rocinante/engine';
import { VectorMemory } from '@rocinante/parameters';
import type { EngineFacts, EngineReply, EngineRequest, RunProof } from './engine-messages.js';
import { RunCompute } from './run-compute.js';

/**
 * The engine's thread: the only one of the process in which TensorFlow runs. It answers requests one after another.
 */
const port = parentPort;
assert(port !== null, 'engine-thread.js runs as a worker thread');
const { options, lstm } = workerData as { options: EngineOptions; lstm: LstmChoice };
let engine: Engine | null = null;
let inUse: LstmPathInUse | null = null;
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
    case 'describe':
      engine ??= Engine.load(options);
      inUse ??= chooseLstmPath(engine, lstm);
      return factsOf(engine, inUse);
    case 'open-run':
      run?.dispose();
      run = null;
      // An earlier run's may be handed on, and that is closed only now.
      VectorMemory.of(request.memory).clear();
      loaded().expectTf32(request.config.precision === 'tf32');
      run = new RunCompute(loaded(), request, { path: inUse?.path });
      return run.notices;
    case 'prove':
      return { proof: openRun().prove(), notices: openRun().graphNotices } satisfies RunProof;
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

/** What decides the bits of a gradient, for people; the processor's plain path goes without saying. */
function factsOf(
  { description, notice: loading }: Engine,
  { path, reason, notice }: LstmPathInUse,
): EngineFacts {
  const { tensorflowVersion, device, model, features } = description;
  const isUsual = device === 'cpu' && path.name === 'plain' && notice === null;
  const onThreads = device === 'cpu' && path.name === 'fused' ? [`threads=${description.threads}`] : [];
  return {
    tensorflow: tensorflowVersion,
    device,
    model,
    features: isUsual ? features : [...features, `lstm=${path.name}`, ...onThreads],
    lstm: { path: path.name, reason, notice },
    notice: loading,
  };
}

function loaded(): Engine {
  assert(engine !== null, 'the engine is loaded by the first request, `describe`');
  return engine;
}

function openRun(): RunCompute {
  assert(run !== null, 'no run is open in the engine thread');
  return run;
}
