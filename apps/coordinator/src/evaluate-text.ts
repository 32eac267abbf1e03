import { quoted } from '@rocinante/base';
import {
  CorpusTooShortError,
  encodeCorpus,
  NORMALISATIONS,
  planEvaluation,
  planWindows,
  Vocabulary,
  type Normalisation,
  type SymbolIds,
  type WindowSet,
} from '@rocinante/corpus';
import type { LossKind } from '@rocinante/model';
import type { RunConfig } from '@rocinante/training';
import type { Weights } from '@rocinante/weights';
import type { WhichWeights } from './client/weights-download.js';
import { parseConfig } from './config.js';
import { controlSymbolsLine } from './corpus/control-symbols.js';
import { readCorpus, type Environment } from './corpus/corpus-file.js';
import { grouped } from './display/quantities.js';
import { UsageError } from './errors.js';
import { evaluatedText, partOf, type EvaluatedPart } from './evaluated-text.js';
import type { EvaluateWork } from './evaluate-worker.js';
import { bitsPerCharacter, perplexityOf } from './loss-units.js';
import { readNamedWeights } from './named-weights.js';
import { runNetworkThread, type NetworkWork } from './network-thread.js';

export interface EvaluateTextOptions extends Pick<NetworkWork, 'threads' | 'device' | 'lstm'> {
  /** Path of a weights file, a checkpoint, or a run's directory. */
  readonly weights: string;
  /** Which weights of a run's directory; absent for the final ones. */
  readonly which?: WhichWeights | undefined;
  /** A file, `bundled` or `quijote`; absent for the text of the run in whose directory the weights lie. */
  readonly corpus?: string | undefined;
  /** Absent: of the run's own text what it validated on, and another text whole. */
  readonly part?: EvaluatedPart | undefined;
  readonly environment: Environment;
  /** Told, in a line each, of a text that is not the run's, or not known to be, or that seems to be none, and of what `runNetworkThread` tells. */
  readonly notice: (line: string) => void;
}

/** What the network makes of the text; what `evaluate --json` prints. */
export interface TextEvaluation {
  readonly part: EvaluatedPart;
  /** Characters that were predicted. */
  readonly characters: number;
  /** Nats a character, their mean. */
  readonly loss: number;
  readonly bitsPerCharacter: number;
  readonly perplexity: number;
  /** SHA-256 of the text's bytes. */
  readonly corpusSha256: string;
  readonly weightsSha256: string;
  /** Steps that the weights were trained for. */
  readonly step: number;
}

/**
 * The loss of a text under a network, computed as a run's evaluations are: of the part that a run validates on, it is that run's
 * held-out loss, on machines of one kind to the bit. The configuration that the weights carry says how the text is treated and
 * split, and how many characters are predicted at most.
 *
 * Of `all`, a network that learned from every position has the first window as what comes before, and is asked for the rest.
 * @throws {RocinanteError} there are no whole weights.
 * @throws {UsageError} there is no text, the weights' run held nothing out, or the text is too short for the part.
 * @throws {UnknownSymbolsError} the text has characters that the network does not know.
 * @throws {RocinanteError} the text cannot be read; the engine is not there.
 */
export async function evaluateText(options: EvaluateTextOptions): Promise<TextEvaluation> {
  const { threads, device, lstm, environment, notice } = options;
  const weights = await readNamedWeights(options.weights, options.which);
  const corpus = await evaluatedText(weights, options.corpus, environment);
  const { network, parameters, window: windowLength } = weights;
  const config = configurationOf(weights);
  const vocabulary = Vocabulary.fromJSON(weights.vocabulary);
  const normalisation = normalisationOf(weights.path, weights.normalisation);
  const { bytes } = await readCorpus(corpus, environment);
  const subject = `corpus ${corpus}`;
  const { ids, textSha256 } = encodeCorpus(bytes, { normalisation, subject, vocabulary });
  const { part, line } = partOf(weights, options.part, corpus, textSha256);
  const strange = controlSymbolsLine(subject, symbolsIn(ids, vocabulary));
  for (const told of [line, strange]) if (told !== null) notice(told);
  const names = { weights: options.weights, corpus };
  const windows = windowsOf(part, network.loss, config, windowLength, ids.length, names);
  const plan = planEvaluation(windows, {
    loss: network.loss,
    microBatch: config.batch.microBatch,
    symbolsMax: config.evaluation.symbolsMax,
  });
  const work: EvaluateWork = {
    ...{ threads, device, lstm, network, windowLength, parameters },
    ...{ ids, part: windows, plan },
  };
  let lossSum = 0;
  const script = new URL('./evaluate-worker.js', import.meta.url);
  await runNetworkThread(script, work, (pieceSum) => (lossSum += pieceSum), notice);
  const loss = lossSum / plan.unitCount;
  return {
    ...{ part, characters: plan.unitCount, loss },
    ...{ bitsPerCharacter: bitsPerCharacter(loss), perplexity: perplexityOf(loss) },
    ...{ corpusSha256: textSha256, weightsSha256: weights.sha256, step: weights.step },
  };
}

/**
 * The windows of a part of a text. Streams are primed by a window, so that of `all` they begin behind the first.
 * @param loss the network's. @param length symbols of a window. @param options name weights and text in messages.
 * @throws {UsageError} nothing is held out, or there is no window.
 */
export function windowsOf(
  part: EvaluatedPart,
  loss: LossKind,
  { text }: RunConfig,
  length: number,
  symbolCount: number,
  { weights, corpus }: { readonly weights: string; readonly corpus: string },
): WindowSet {
  if (part !== 'all' && !text.heldOut) {
    throw new UsageError(
      `--part ${part}: the run of ${weights} held nothing out; expected all, which it has learned from where it is its text`,
    );
  }
  const split = part !== 'all';
  try {
    const plan = planWindows(symbolCount, { length, stride: text.stride, split });
    if (part !== 'all') return plan[part]!;
    return loss === 'every' ? { ...plan.train, start: length } : plan.train;
  } catch (error) {
    if (!(error instanceof CorpusTooShortError)) throw error;
    const { needed, received } = error;
    const isEnough = split && received > length;
    throw new UsageError(
      `corpus ${corpus}: expected at least ${grouped(needed.symbols)} characters for --part ${part}, received ${grouped(received)}; take a longer text` +
        (isEnough ? ', or --part all' : ''),
      { cause: error },
    );
  }
}

/** The symbols that a text has, of those that its network knows. */
function symbolsIn(ids: SymbolIds, { symbols }: Vocabulary): string[] {
  const isThere = new Uint8Array(symbols.length);
  for (const id of ids) isThere[id] = 1;
  return symbols.filter((_, id) => isThere[id] === 1);
}

/** The configuration that the weights carry, without which nobody knows how their run treated and evaluated a text. */
function configurationOf({ path, configuration }: Weights & { readonly path: string }): RunConfig {
  return parseConfig(
    configuration,
    {},
    {
      subject: `${path}: configuration`,
      advice:
        'evaluate computes as their run did, and needs what that was: take weights that train or weights pull wrote',
    },
  );
}

function normalisationOf(path: string, name: string): Normalisation {
  const found = NORMALISATIONS.find((known) => known === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `${path}: normalisation: expected ${NORMALISATIONS.join(', ').replace(/, (\w+)$/, ' or $1')}, received ${quoted(name)}`,
  );
}
