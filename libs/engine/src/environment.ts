import { isMainThread } from 'node:worker_threads';
import { assert } from '@rocinante/base';

/** Threads that TensorFlow computes with. One op runs at a time, so a second pool between ops would only idle. */
export interface ThreadOptions {
  /** Threads within an op; default 1. The results do not depend on it (libs/compute's promise, tested there). */
  readonly threads?: number | undefined;
}

/**
 * The variables that TensorFlow reads once, when it is loaded.
 *
 * In a worker thread `process.env` is a copy that C does not see: whoever starts the thread sets these in the main
 * thread before, or in the environment of the process. `Engine.load` checks it there and sets them itself elsewhere.
 */
export function engineEnvironment({ threads = 1 }: ThreadOptions = {}): Record<string, string> {
  assert(Number.isInteger(threads) && threads >= 1, `threads is a positive integer, not ${threads}`);
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    // oneDNN's matrix products give the same bits with any number of threads; Eigen's do not (libs/compute/README.md).
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}

/** Sets the variables where that reaches TensorFlow; in a worker thread demands that they are set already. */
export function applyEnvironment(options: ThreadOptions, environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(engineEnvironment(options))) {
    if (isMainThread) environment[name] = value;
    assert(
      environment[name] === value,
      `${name} must be ${value} before the thread starts, not ${environment[name]}: set engineEnvironment() in the main thread`,
    );
  }
}
