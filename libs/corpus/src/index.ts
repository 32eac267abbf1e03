export { encodeCorpus, type EncodedCorpus, type EncodeOptions } from './corpus.js';
export {
  CorpusTooLargeError,
  CorpusTooShortError,
  EmptyCorpusError,
  NotUtf8Error,
  UnknownSymbolsError,
  VocabularyInvalidError,
} from './errors.js';
export {
  pieceStreams,
  pieceWindows,
  planEvaluation,
  type EvaluationPlan,
  type StreamEvaluation,
  type WindowEvaluation,
} from './evaluation.js';
export {
  createBatchPlan,
  microBatchWindows,
  positionOf,
  type BatchPlan,
  type StepPosition,
  type WindowOrder,
} from './micro-batches.js';
export { nearestSymbol } from './nearest-symbol.js';
export { NORMALISATIONS, normaliseText, type Normalisation } from './normalisation.js';
export { CORPUS_BYTES_MAX, textPieces } from './utf8-text.js';
export { idBytes, Vocabulary, type SymbolIds } from './vocabulary.js';
export {
  countWindows,
  fillWindows,
  planWindows,
  symbolsNeeded,
  type CorpusPart,
  type WindowOptions,
  type WindowPlan,
  type WindowSet,
} from './windows.js';
export { WholeWords, WORD_LENGTH_MAX, wordsOf } from './whole-words.js';
