import { Worker } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import type { SavedCheckpoint } from '@rocinante/checkpoint';
import { RunFailedError } from '../errors.js';
import { errorOf } from './checkpoint-failure.js';
import type { CheckpointSetting, SaveAnswer, SaveRequest } from './checkpoint-messages.js';

/** Who waits for a save. */
interface Waiting {
  readonly resolve: (saved: SavedCheckpoint) => void;
  readonly reject: (error: Error) => void;
}

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const workerFile = new URL('../../dist/run/checkpoint-worker.js', import.meta.url);

/**
 * Writes checkpoints in a thread of their own (`DirectoryStore`): looking for what is not finite, hashing, writing, flushing
 * and removing old ones hold up neither the network nor the arithmetic.
 */
export class CheckpointThread {
  readonly #thread: Worker;
  #waiting: Waiting | null = null;
  #ended = false;

  /** @param onDeath the thread ended by itself: nothing it was asked will be answered. */
  constructor(setting: CheckpointSetting, onDeath: (error: Error) => void) {
    this.#thread = new Worker(workerFile, { workerData: setting });
    this.#thread.on('message', (answer: SaveAnswer) => this.#answered(answer));
    this.#thread.on('error', onDeath);
    this.#thread.on('exit', () => {
      this.#ended = true;
      this.#taken()?.reject(threadEnded());
    });
    // It keeps the process alive only while it writes.
    this.#thread.unref();
  }

  /**
   * Writes the snapshot, which must not change until this settles. One save at a time.
   * @throws {CheckpointWriteError | NonFiniteCheckpointError} nothing is saved, and nothing lost.
   * @throws Node's error where old checkpoints could not be listed or removed.
   * @throws {RunFailedError} the thread ended before.
   */
  save(request: SaveRequest): Promise<SavedCheckpoint> {
    assert(this.#waiting === null, 'a checkpoint is being saved already');
    if (this.#ended) return Promise.reject(threadEnded());
    this.#thread.ref();
    this.#thread.postMessage(request);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Ends the thread, whatever it is at. */
  async stop(): Promise<void> {
    await this.#thread.terminate();
  }

  #answered(answer: SaveAnswer): void {
    this.#thread.unref();
    if (answer.type === 'saved') this.#taken()?.resolve(answer.saved);
    else this.#taken()?.reject(errorOf(answer.failure));
  }

  #taken(): Waiting | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}

function threadEnded(): RunFailedError {
  return new RunFailedError('the thread of checkpoints ended');
}
