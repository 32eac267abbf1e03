import { Worker } from 'node:worker_threads';
import { AssertionError } from '@rocinante/base';
import type { NetworkSpec } from '@rocinante/model';
import { RunFailedError } from '../../errors.js';
import type { SharedVector } from '../arithmetic/shared-vector.js';

export interface FirstValuesRequest {
  readonly network: NetworkSpec;
  readonly seed: number;
}

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const workerFile = new URL('../../../dist/run/first-values/first-values-worker.js', import.meta.url);

/**
 * `firstValues` in a thread of its own: they take a second and more for some millions of parameters, in which the network's thread
 * would answer no worker of another run.
 * @throws {RunFailedError} there is no memory for them.
 */
export async function firstValuesBeside(request: FirstValuesRequest): Promise<SharedVector> {
  const thread = new Worker(workerFile, { workerData: request });
  try {
    return await new Promise<SharedVector>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('exit', () => reject(new AssertionError('the thread of first values answers, or fails')));
      thread.once('error', (error: NodeJS.ErrnoException) => {
        // The thread's heap is full, or a vector was not allocated.
        const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY' || error instanceof RangeError;
        reject(isFull ? new RunFailedError('first values take more memory than there is') : error);
      });
    });
  } finally {
    await thread.terminate();
  }
}
