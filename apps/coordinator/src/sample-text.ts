import { Network, Sampler } from '@rocinante/compute';
import { normaliseText, NORMALISATIONS, Vocabulary, WholeWords, type Normalisation } from '@rocinante/corpus';
import { Engine } from '@rocinante/engine';
import { readWeightsFile } from '@rocinante/weights';
import { UsageError } from './errors.js';

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
  /** Characters to write. */
  readonly length: number;
  /** Default: 0.5, and 0.75 with whole words. */
  readonly temperature?: number | undefined;
  readonly wholeWords: boolean;
  readonly seed: number;
  /** Compute threads. */
  readonly threads: number;
}

/**
 * Text written by a network, piece by piece to `write`, and as a whole.
 * @throws {WeightsFileError} the file is not a whole weights file.
 * @throws {UnknownSymbolsError} the prompt has characters that the network does not know.
 * @throws {UsageError} whole words of a weights file that carries none.
 */
export async function sampleText(
  options: SampleTextOptions,
  write: (piece: string) => void,
): Promise<string> {
  const weights = await readWeightsFile(options.weights);
  const vocabulary = new Vocabulary(weights.vocabulary);
  const prompt = promptIds(options.prompt, vocabulary, weights.normalisation);
  const words = options.wholeWords ? wordsIn(options.weights, weights.further?.[WORDS_ENTRY]) : null;

  const engine = Engine.load({ threads: options.threads });
  const network = Network.create(engine, weights.network, { windowLength: weights.window });
  network.setParameters(weights.parameters);
  const symbols = new Sampler(network).sample(prompt, {
    length: options.length,
    temperature: options.temperature ?? (words ? WHOLE_WORDS_TEMPERATURE : TEMPERATURE),
    seed: options.seed,
    allowed: words ? new WholeWords(vocabulary, words, prompt).allowed : undefined,
  });
  let text = '';
  for (const symbol of symbols) {
    const piece = vocabulary.decode([symbol]);
    write(piece);
    text += piece;
  }
  network.dispose();
  return text;
}

function promptIds(prompt: string | undefined, vocabulary: Vocabulary, normalisation: string): Int32Array {
  if (prompt === undefined) return Int32Array.of(Math.max(0, vocabulary.symbols.indexOf('\n')));
  const known: readonly string[] = NORMALISATIONS;
  const text = known.includes(normalisation) ? normaliseText(prompt, normalisation as Normalisation) : prompt;
  if (text === '') throw new UsageError('--prompt: expected at least one character, received none');
  return Int32Array.from(vocabulary.encode(text));
}

function wordsIn(path: string, entry: string | undefined): string[] {
  if (entry === undefined) throw new UsageError(`--whole-words: ${path} carries no words of its text`);
  const words: unknown = JSON.parse(entry);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new UsageError(`--whole-words: ${path}: expected a list of words`);
}
