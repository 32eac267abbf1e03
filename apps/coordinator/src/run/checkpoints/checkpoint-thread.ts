import { Worker } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import type { SavedCheckpoint } from '@rocinante/checkpoint';
import { RunFailedError } from '../../errors.js';
import { errorOf } from './checkpoint-failure.js';
import type {
  CheckpointAnswer,
  CheckpointRequest,
  CheckpointSetting,
  ReadCheckpoint,
  SaveRequest,
} from './checkpoint-messages.js';

/** Who waits for an answer. */
interface Waiting {
  readonly resolve: (answer: CheckpointAnswer) => void;
  readonly reject: (error: Error) => void;
}

// From dist, also where a spec runs the sources: a thread's code must be JavaScript.
const workerFile = new URL('../../../dist/run/checkpoints/checkpoint-worker.js', import.meta.url);

/**
 * Writes and reads checkpoints in a thread of their own (`DirectoryStore`): looking for what is not finite, hashing, writing,
 * flushing and removing old ones hold up neither the network nor the arithmetic.
 */
export class CheckpointThread {
  readonly #thread: Worker;
  #waiting: Waiting | null = null;
  #ended = false;

  /** @param onDeath the thread ended by itself: nothing it was asked will be answered. */
  constructor(setting: CheckpointSetting, onDeath: (error: Error) => void) {
    this.#thread = new Worker(workerFile, { workerData: setting });
    this.#thread.on('message', (answer: CheckpointAnswer) => this.#answered(answer));
    this.#thread.on('error', onDeath);
    this.#thread.on('exit', () => {
      this.#ended = true;
      this.#taken()?.reject(threadEnded());
    });
    // It keeps the process alive only while it is at something.
    this.#thread.unref();
  }

  /**
   * Writes the snapshot, which must not change until this settles. One save or load at a time.
   * @throws {CheckpointWriteError | NonFiniteCheckpointError} nothing is saved, and nothing lost.
   * @throws Node's error where a run goes back, and later checkpoints could not be listed or removed.
   * @throws {RunFailedError} the thread ended before.
   */
  async save(order: Omit<SaveRequest, 'type'>): Promise<SavedCheckpoint> {
    const answer = await this.#ask({ type: 'save', ...order });
    assert(answer.type === 'saved', 'a save is answered by what was saved');
    return answer.saved;
  }

  /**
   * Reads and verifies a checkpoint. One save or load at a time.
   * @param name null for the newest good one.
   * @throws {DamagedCheckpointError} the one of that name is. @throws {NoGoodCheckpointError} there is none.
   * @throws {UnreadableCheckpointError} it, or one newer than the good ones, cannot be read now.
   * @throws {RunFailedError} the thread ended before.
   */
  async load(name: string | null): Promise<ReadCheckpoint> {
    const answer = await this.#ask({ type: 'load', name });
    assert(answer.type === 'loaded', 'a load is answered by what was read');
    return answer.read;
  }

  #ask(request: CheckpointRequest): Promise<CheckpointAnswer> {
    assert(this.#waiting === null, 'the thread of checkpoints is asked one thing at a time');
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

  #answered(answer: CheckpointAnswer): void {
    this.#thread.unref();
    if (answer.type === 'failed') this.#taken()?.reject(errorOf(answer.failure));
    else this.#taken()?.resolve(answer);
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
