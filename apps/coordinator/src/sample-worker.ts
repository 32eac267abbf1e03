import { Sampler } from '@rocinante/compute';
import { Vocabulary, WholeWords, WORD_LENGTH_MAX } from '@rocinante/corpus';
import type { NetworkWork } from './network-thread.js';
import { computeWith } from './network-worker.js';

/** What the thread draws from, and how much. It sends each symbol's id as it is drawn. */
export interface SampleWork extends NetworkWork {
  readonly symbols: readonly string[];
  /** Ids that the text goes on from. */
  readonly prompt: Int32Array;
  /** Symbols to draw; with words a few more, so that the last one is whole. */
  readonly length: number;
  readonly temperature: number;
  readonly topK: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number;
  /** The only words that may be written; null for any text. */
  readonly words: readonly string[] | null;
}

computeWith<SampleWork>((network, work, send) => {
  const { prompt, temperature, topK, topP, seed, words } = work;
  const whole = words ? new WholeWords(new Vocabulary(work.symbols), words, prompt) : null;
  const length = work.length + (whole ? WORD_LENGTH_MAX : 0);
  const options = { length, temperature, topK, topP, seed, allowed: whole?.allowed };
  const sampler = new Sampler(network);
  const drawn: number[] = [];
  for (const symbol of sampler.sample(prompt, options)) {
    send(symbol);
    drawn.push(symbol);
    if (drawn.length >= work.length && (whole === null || whole.isWhole(drawn))) break;
  }
});
