import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import { DirectoryStore } from '@rocinante/checkpoint';
import { failureOf } from './checkpoint-failure.js';
import type { CheckpointSetting, SaveAnswer, SaveRequest } from './checkpoint-messages.js';

/** The checkpoints' thread: writes the snapshot when it is asked to. What is thrown here ends it, and is a programmer's error. */
const port = parentPort;
assert(port !== null, 'checkpoint-worker.js runs as a worker thread');
const { directory, retention, constants } = workerData as CheckpointSetting;

port.on('message', (request: SaveRequest) => void answer(request));

async function answer({ state, options, damaged }: SaveRequest): Promise<void> {
  const store = new DirectoryStore(directory, { ...retention, damaged });
  const message = await store.save({ ...constants, ...state }, options).then(
    (saved): SaveAnswer => ({ type: 'saved', saved }),
    (error: unknown): SaveAnswer => ({ type: 'failed', failure: failureOf(error) }),
  );
  port!.postMessage(message);
}
