/** Networks of weights files compute in a thread of their own: a signal that is handled in a thread that computes may corrupt memory. */
import { Worker } from 'node:worker_threads';
import { RocinanteError, type ErrorCode } from '@rocinante/base';
import { setEngineEnvironment, type Device } from '@rocinante/engine';
import type { LstmChoice, NetworkSpec } from '@rocinante/model';

/** What every such thread is given: how to compute, and the network. What is to be done with it comes beside. */
export interface NetworkWork {
  /** Compute threads. */
  readonly threads: number;
  readonly device: Device;
  /** How LSTM layers are computed. */
  readonly lstm: LstmChoice;
  readonly network: NetworkSpec;
  readonly windowLength: number;
  readonly parameters: Float32Array;
}

/** A line about how it computes; a number as it is computed; at the end null, or the error that ended it. */
export type NetworkMessage =
  | { readonly notice: string }
  | { readonly number: number }
  | {
      readonly error: { readonly code: ErrorCode; readonly exitCode: 1 | 2; readonly message: string } | null;
    };

/**
 * Runs one of the scripts that `computeWith` makes, to its end.
 * @param onNumber is told of its numbers, in its order.
 * @param notice is told of variables of the environment that the engine needs otherwise, and of layers that are not computed as was
 * wished, in one line each.
 * @throws {RocinanteError} what the thread ended with: the engine is not there, or has not the memory.
 */
export async function runNetworkThread(
  script: URL,
  work: NetworkWork,
  onNumber: (number: number) => void,
  notice: (line: string) => void,
): Promise<void> {
  const { threads, device } = work;
  // TensorFlow reads these when it is loaded, and only the main thread can set them for C.
  setEngineEnvironment({ threads, device }, process.env).forEach(notice);
  const thread = new Worker(script, { workerData: work });
  try {
    await new Promise<void>((resolve, reject) => {
      thread.on('error', reject);
      thread.on('message', (message: NetworkMessage) => {
        if ('number' in message) onNumber(message.number);
        else if ('notice' in message) notice(message.notice);
        else if (message.error === null) resolve();
        else reject(new RocinanteError(message.error.code, message.error.exitCode, message.error.message));
      });
    });
  } finally {
    await thread.terminate();
  }
}
