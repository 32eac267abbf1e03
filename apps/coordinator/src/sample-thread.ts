import { parentPort, workerData } from 'node:worker_threads';
import { assert, RocinanteError, type ErrorCode } from '@rocinante/base';
import { chooseLstmPath, Network, Sampler } from '@rocinante/compute';
import { Vocabulary, WholeWords, WORD_LENGTH_MAX } from '@rocinante/corpus';
import { Engine, type Device } from '@rocinante/engine';
import type { LstmChoice, NetworkSpec } from '@rocinante/model';

/** What the thread draws from, and how much. */
export interface SampleWork {
  readonly threads: number;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly network: NetworkSpec;
  readonly windowLength: number;
  readonly parameters: Float32Array;
  readonly symbols: readonly string[];
  /** Ids that the text goes on from. */
  readonly prompt: Int32Array;
  /** Symbols to draw; with words a few more, so that the last one is whole. */
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
  /** The only words that may be written; null for any text. */
  readonly words: readonly string[] | null;
}

/** A line about how it computes; a symbol's id as it is drawn; at the end null, or the error that ended it. */
export type SampleMessage =
  | { readonly notice: string }
  | { readonly symbol: number }
  | {
      readonly error: { readonly code: ErrorCode; readonly exitCode: 1 | 2; readonly message: string } | null;
    };

/** Draws in a thread of its own: a signal that is handled in a thread that computes may corrupt memory (libs/engine). */
function draw(work: SampleWork, send: (message: SampleMessage) => void): void {
  const engine = Engine.load({ threads: work.threads, device: work.device });
  const { path, notice } = chooseLstmPath(engine, work.lstm);
  for (const line of [engine.notice, notice]) if (line !== null) send({ notice: line });
  const network = Network.create(engine, work.network, { windowLength: work.windowLength, path });
  network.setParameters(work.parameters);
  const { prompt, temperature, seed, words } = work;
  const whole = words ? new WholeWords(new Vocabulary(work.symbols), words, prompt) : null;
  const length = work.length + (whole ? WORD_LENGTH_MAX : 0);
  const sampler = new Sampler(network);
  const drawn: number[] = [];
  for (const symbol of sampler.sample(prompt, { length, temperature, seed, allowed: whole?.allowed })) {
    send({ symbol });
    drawn.push(symbol);
    if (drawn.length >= work.length && (whole === null || whole.isWhole(drawn))) break;
  }
  network.dispose();
}

const port = parentPort;
assert(port !== null, 'sample-thread.js runs as a worker thread');
try {
  draw(workerData as SampleWork, (message) => port.postMessage(message));
  port.postMessage({ error: null });
} catch (error) {
  if (!(error instanceof RocinanteError)) throw error;
  port.postMessage({ error: { code: error.code, exitCode: error.exitCode, message: error.message } });
}
