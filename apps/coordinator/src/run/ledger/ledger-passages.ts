import { microBatchWindows, positionOf, type EncodedCorpus } from '@rocinante/corpus';
import { runWindows, type RunConfig } from '@rocinante/training';

/** Symbols of a passage that are shown. */
const SHOWN_SYMBOLS = 40;

/** A window as a passage of the text, as its normalisation left it. */
export interface Passage {
  /** Symbols before it. */
  readonly offset: number;
  /** Its first symbols. */
  readonly text: string;
}

/** What a micro-batch learned from. */
export interface MicroBatchPassages {
  readonly microBatch: number;
  readonly passages: readonly Passage[];
}

/**
 * The windows of each micro-batch of a step as passages of the text, by the rule that workers go by.
 * @param step counted from 1.
 */
export function passagesOf(config: RunConfig, corpus: EncodedCorpus, step: number): MicroBatchPassages[] {
  const { windows, batches } = runWindows(config, corpus.ids.length);
  const { start, stride, length } = windows.train;
  const passage = (window: number): Passage => {
    const offset = start + window * stride;
    const shown = corpus.ids.subarray(offset, offset + Math.min(length, SHOWN_SYMBOLS));
    return { offset, text: Array.from(shown, (id: number) => corpus.vocabulary.symbols[id]).join('') };
  };
  const { microBatchCount } = positionOf(batches, step - 1);
  return Array.from({ length: microBatchCount }, (_, microBatch) => ({
    microBatch,
    passages: Array.from(microBatchWindows(batches, config.seed, step - 1, microBatch), passage),
  }));
}
