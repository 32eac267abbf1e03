import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import { DirectoryStore } from '@rocinante/checkpoint';
import { failureOf } from './checkpoint-failure.js';
import type {
  CheckpointAnswer,
  CheckpointRequest,
  CheckpointSetting,
  LoadRequest,
  SaveRequest,
} from './checkpoint-messages.js';
import { ownVectors } from './own-vectors.js';

/** The checkpoints' thread: writes the snapshot, or reads a checkpoint. What is thrown here ends it, and is a programmer's error. */
const port = parentPort;
assert(port !== null, 'checkpoint-worker.js runs as a worker thread');
const { directory, retention, constants } = workerData as CheckpointSetting;

port.on('message', (request: CheckpointRequest) => void answer(request));

async function answer(request: CheckpointRequest): Promise<void> {
  const done = request.type === 'save' ? save(request) : load(request);
  const message = await done.catch((error: unknown): CheckpointAnswer => {
    return { type: 'failed', failure: failureOf(error) };
  });
  port!.postMessage(message);
}

async function save({ state, options, damaged, goesBack }: SaveRequest): Promise<CheckpointAnswer> {
  assert(constants !== null, 'it was begun to save');
  const store = new DirectoryStore(directory, { ...retention, damaged });
  if (goesBack) await store.removeAfter(state.step);
  return { type: 'saved', saved: await store.save({ ...constants, ...state }, options) };
}

async function load({ name: wanted }: LoadRequest): Promise<CheckpointAnswer> {
  const store = new DirectoryStore(directory);
  const { name, checkpoint, passedOver } =
    wanted === null
      ? await store.loadLatest()
      : { name: wanted, checkpoint: await store.load(wanted), passedOver: [] };
  const own = ownVectors(name, checkpoint);
  // A run that begins reads none, and its thread is there sooner.
  const { stateHashes } = await import('@rocinante/ledger');
  return { type: 'loaded', read: { name, checkpoint: own, passedOver, hashes: stateHashes(own) } };
}
