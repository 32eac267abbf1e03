import type { LstmChoice } from '@rocinante/model';
import { normaliseText, NORMALISATIONS, Vocabulary, type Normalisation } from '@rocinante/corpus';
import type { Device } from '@rocinante/engine';
import { UsageError } from './errors.js';
import { readNamedWeights } from './named-weights.js';
import { runNetworkThread } from './network-thread.js';
import type { SampleWork } from './sample-thread.js';

/** Under this name a weights file carries the words of its text, as a JSON array. */
export const WORDS_ENTRY = 'words';

/** The reference's temperatures, for free text and for whole words. */
const TEMPERATURE = 0.5;
const WHOLE_WORDS_TEMPERATURE = 0.75;

export interface SampleTextOptions {
  /** Path of a weights file. */
  readonly weights: string;
  /** Treated as the text was before training. Default: a line break, or the first symbol where there is none. */
  readonly prompt?: string | undefined;
  /** Characters to write; with whole words a few more, so that the last one is whole. */
  readonly length: number;
  /** Default: 0.5, and 0.75 with whole words. */
  readonly temperature?: number | undefined;
  readonly wholeWords: boolean;
  readonly seed: number;
  /** Compute threads. */
  readonly threads: number;
  readonly device: Device;
  /** How LSTM layers are computed. */
  readonly lstm: LstmChoice;
  /**
   * Told of each variable of the environment that the engine needs otherwise, and of layers that are not computed as was wished, in
   * one line each.
   */
  readonly notice: (line: string) => void;
}

/**
 * Text written by a network, piece by piece to `write`, and as a whole.
 * @throws {WeightsFileError} the file is not a whole weights file.
 * @throws {UnknownSymbolsError} the prompt has characters that the network does not know.
 * @throws {UsageError} whole words of a weights file that carries none.
 * @throws {RocinanteError} the engine is not there.
 */
export async function sampleText(
  options: SampleTextOptions,
  write: (piece: string) => void,
): Promise<string> {
  const { length, seed, threads, device, lstm, notice } = options;
  const weights = await readNamedWeights(options.weights);
  const vocabulary = new Vocabulary(weights.vocabulary);
  const words = options.wholeWords ? wordsIn(options.weights, weights.further?.[WORDS_ENTRY]) : null;
  let text = '';
  const work: SampleWork = {
    threads,
    device,
    lstm,
    network: weights.network,
    windowLength: weights.window,
    parameters: weights.parameters,
    symbols: weights.vocabulary,
    prompt: promptIds(options.prompt, vocabulary, weights.normalisation),
    length,
    temperature: options.temperature ?? (words ? WHOLE_WORDS_TEMPERATURE : TEMPERATURE),
    seed,
    words,
  };
  await runNetworkThread(
    new URL('./sample-thread.js', import.meta.url),
    work,
    (symbol) => {
      const piece = vocabulary.decode([symbol]);
      text += piece;
      write(piece);
    },
    notice,
  );
  return text;
}

function promptIds(prompt: string | undefined, vocabulary: Vocabulary, normalisation: string): Int32Array {
  if (prompt === undefined) return Int32Array.of(Math.max(0, vocabulary.symbols.indexOf('\n')));
  const known: readonly string[] = NORMALISATIONS;
  const text = known.includes(normalisation) ? normaliseText(prompt, normalisation as Normalisation) : prompt;
  if (text === '') throw new UsageError('--prompt: expected at least one character, received none');
  return Int32Array.from(vocabulary.encode(text, '--prompt'));
}

function wordsIn(path: string, entry: string | undefined): string[] {
  if (entry === undefined) throw new UsageError(`--whole-words: ${path} carries no words of its text`);
  const refuse = (options?: ErrorOptions): never => {
    throw new UsageError(`--whole-words: ${path}: expected a JSON list of words`, options);
  };
  let words: unknown;
  try {
    words = JSON.parse(entry);
  } catch (cause) {
    return refuse({ cause });
  }
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : refuse();
}
