/**
 * LSTM paths on the device, each asked for over a line of JSON. They are computed in a thread, as a worker's are: its stack is
 * smaller than the main thread's, which compiled kernels may not be content with.
 */
import { Worker } from 'node:worker_threads';
import { setEngineEnvironment, type EngineOptions } from '@rocinante/engine';
import { answerLines } from './answer-lines.js';
import type { PathsQuestion } from './paths-thread.js';

const options = JSON.parse(process.argv[2]) as EngineOptions;
// TensorFlow reads these when it is loaded, and only the main thread can set them for C.
setEngineEnvironment(options, process.env);
const thread = new Worker(new URL('paths-thread.js', import.meta.url), { workerData: options });
thread.on('error', (error) => {
  process.stderr.write(`Error: ${error.message}\n`);
  process.exit(1);
});

await answerLines<PathsQuestion>(
  (question) =>
    new Promise((resolve) => {
      thread.once('message', resolve);
      thread.postMessage(question);
    }),
);
await thread.terminate();
