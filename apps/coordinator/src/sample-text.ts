import type { LstmChoice } from '@rocinante/model';
import { Vocabulary } from '@rocinante/corpus';
import type { Device } from '@rocinante/engine';
import type { WhichWeights } from './client/weights-download.js';
import { UsageError } from './errors.js';
import { readNamedWeights } from './named-weights.js';
import { runNetworkThread } from './network-thread.js';
import { promptIds, promptOf, readPrompt, type Prompt } from './prompt.js';
import { WORDS_ENTRY } from './run/kept-words.js';
import type { SampleWork } from './sample-worker.js';

/** The reference's temperatures, for free text and for whole words. */
const TEMPERATURE = 0.5;
const WHOLE_WORDS_TEMPERATURE = 0.75;

export interface SampleTextOptions {
  /** Path of a weights file, a checkpoint, or a run's directory. */
  readonly weights: string;
  /** Which weights of a run's directory; absent for the final ones. */
  readonly which?: WhichWeights | undefined;
  /** Treated as the text was before training. Default: a line break, or the first symbol where there is none. */
  readonly prompt?: string | undefined;
  /** In place of `prompt` a file that has it, or `-` for standard input. */
  readonly promptFile?: string | undefined;
  /** Characters to write; with whole words a few more, so that the last one is whole. */
  readonly length: number;
  /** Default: 0.5, and 0.75 with whole words. */
  readonly temperature?: number | undefined;
  /** The draw is among so many of the likeliest symbols; undefined: all. */
  readonly topK?: number | undefined;
  /** The draw is among the likeliest symbols that have this share of the probability together; undefined: all. */
  readonly topP?: number | undefined;
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

/** A text that was written, and what it takes to write it again on a machine of this kind. */
export interface Sample extends Pick<SampleTextOptions, 'length' | 'wholeWords' | 'seed'> {
  readonly text: string;
  /** What it goes on from, before it was treated as the network's text. */
  readonly prompt: string;
  readonly temperature: number;
  /** null where the draw was among all symbols. */
  readonly topK: number | null;
  readonly topP: number | null;
  /** Those of the parameters, and the steps that they were trained for. */
  readonly weightsSha256: string;
  readonly step: number;
}

/**
 * Text written by a network, piece by piece to `write`, and as a whole.
 * @throws {RocinanteError} there are no whole weights; or the engine is not there.
 * @throws {UnknownSymbolsError} the prompt has characters that the network does not know.
 * @throws {UsageError} there is no prompt, or it cannot be read; whole words of a weights file that carries none.
 */
export async function sampleText(
  options: SampleTextOptions,
  write: (piece: string) => void,
): Promise<Sample> {
  const { length, seed, threads, device, lstm, notice, topK, topP, wholeWords } = options;
  const weights = await readNamedWeights(options.weights, options.which);
  const vocabulary = new Vocabulary(weights.vocabulary);
  const words = options.wholeWords ? wordsIn(weights.path, weights.further?.[WORDS_ENTRY]) : null;
  const prompt = await promptFrom(options, vocabulary);
  const temperature = options.temperature ?? (words ? WHOLE_WORDS_TEMPERATURE : TEMPERATURE);
  let text = '';
  const work: SampleWork = {
    threads,
    device,
    lstm,
    network: weights.network,
    windowLength: weights.window,
    parameters: weights.parameters,
    symbols: weights.vocabulary,
    prompt: Int32Array.from(promptIds(prompt, vocabulary, weights.normalisation)),
    length,
    temperature,
    topK,
    topP,
    seed,
    words,
  };
  await runNetworkThread(
    new URL('./sample-worker.js', import.meta.url),
    work,
    (symbol) => {
      const piece = vocabulary.decode([symbol]);
      text += piece;
      write(piece);
    },
    notice,
  );
  return {
    ...{ text, prompt: new TextDecoder().decode(prompt.bytes), length, temperature },
    ...{ topK: topK ?? null, topP: topP ?? null, wholeWords, seed },
    ...{ weightsSha256: weights.sha256, step: weights.step },
  };
}

async function promptFrom(
  { prompt, promptFile }: SampleTextOptions,
  { symbols }: Vocabulary,
): Promise<Prompt> {
  if (promptFile !== undefined) return readPrompt(promptFile);
  return promptOf(prompt ?? (symbols.includes('\n') ? '\n' : symbols[0]));
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
