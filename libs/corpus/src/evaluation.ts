import { assert } from '@rocinante/base';
import type { SymbolIds } from './vocabulary.js';
import type { WindowSet } from './windows.js';

/** Streams that a held-out part is cut into, where it is long enough. */
const EVALUATION_STREAMS = 64;

/** Streams of a piece: what one worker reads side by side. */
const STREAMS_PER_PIECE = 8;

/** What the pieces of an evaluation have in common, whatever they hold. */
interface Pieces {
  /** Work items, each computed by one worker, numbered from 0. */
  readonly pieceCount: number;
  /** What the sum of all pieces' losses is divided by: predicted symbols, or windows. */
  readonly unitCount: number;
}

/**
 * For a loss on every position: the held-out symbols are cut into contiguous parts of equal length, and each is read by a
 * stream that carries its state. Every symbol is predicted from all before it in its stream, `primed` of them before the
 * stream's first predicted one; these may belong to the text's part before.
 */
export interface StreamEvaluation extends Pieces {
  readonly kind: 'streams';
  /** The symbols that are predicted are in [start, end). */
  readonly start: number;
  readonly end: number;
  readonly primed: number;
  readonly streamCount: number;
  /** A stream predicts the first symbols of its part, at most so many. */
  readonly symbolsPerStreamMax: number;
}

/** For a loss on the last position: windows of the held-out part, every `every`-th of them. */
export interface WindowEvaluation extends Pieces {
  readonly kind: 'windows';
  readonly every: number;
  /** Windows of a piece; the last one may have fewer. */
  readonly windowsPerPiece: number;
}

/** What an evaluation computes: the same at every evaluation of a run, whoever computes it. */
export type EvaluationPlan = StreamEvaluation | WindowEvaluation;

export interface EvaluationOptions {
  readonly loss: 'last' | 'every';
  /** Windows that a worker computes at once. */
  readonly microBatch: number;
  /**
   * Symbols that are predicted at most, or read in windows. Streams are never left with nothing, and one window is always
   * computed: a smaller number counts as one symbol a stream, or one window.
   */
  readonly symbolsMax: number;
}

/**
 * Plans the evaluation of a held-out part.
 *
 * Streams: 64, or as many as have a window's length of predicted symbols each, but one at least; parts differ in length by
 * one symbol at most. Windows: floor(symbolsMax / length) at most, evenly spaced.
 */
export function planEvaluation(heldOut: WindowSet, options: EvaluationOptions): EvaluationPlan {
  const { start, end, length, count } = heldOut;
  const { loss, microBatch, symbolsMax } = options;
  if (loss === 'last') {
    const every = Math.ceil(count / Math.max(1, Math.floor(symbolsMax / length)));
    const unitCount = Math.ceil(count / every);
    const pieceCount = Math.ceil(unitCount / microBatch);
    return { kind: 'windows', every, windowsPerPiece: microBatch, pieceCount, unitCount };
  }
  assert(start >= length, `a stream is primed by ${length} symbols, and ${start} come before the first`);
  const symbols = end - start;
  const streamCount = Math.max(1, Math.min(EVALUATION_STREAMS, Math.floor(symbols / length)));
  const symbolsPerStreamMax = Math.max(1, Math.floor(symbolsMax / streamCount));
  const pieceCount = Math.ceil(streamCount / STREAMS_PER_PIECE);
  const cut = { kind: 'streams', start, end, primed: length, streamCount, symbolsPerStreamMax } as const;
  let unitCount = 0;
  for (let stream = 0; stream < streamCount; stream++) unitCount += streamLength(cut, stream);
  return { ...cut, pieceCount, unitCount };
}

/** The windows of a piece, in the text's order. */
export function pieceWindows(plan: WindowEvaluation, piece: number): Uint32Array {
  checkPiece(plan, piece);
  const first = piece * plan.windowsPerPiece;
  const count = Math.min(plan.windowsPerPiece, plan.unitCount - first);
  return Uint32Array.from({ length: count }, (_, i) => (first + i) * plan.every);
}

/** The streams of a piece, in the text's order: of each its `primed` symbols and then those that it predicts. */
export function pieceStreams(ids: SymbolIds, plan: StreamEvaluation, piece: number): Int32Array[] {
  checkPiece(plan, piece);
  assert(plan.end <= ids.length, `streams end at symbol ${plan.end}, the corpus at ${ids.length}`);
  const first = piece * STREAMS_PER_PIECE;
  const count = Math.min(STREAMS_PER_PIECE, plan.streamCount - first);
  return Array.from({ length: count }, (_, i) => {
    const predictedFrom = partStart(plan, first + i);
    const predictedTo = predictedFrom + streamLength(plan, first + i);
    return Int32Array.from(ids.subarray(predictedFrom - plan.primed, predictedTo));
  });
}

type Cut = Pick<StreamEvaluation, 'start' | 'end' | 'streamCount' | 'symbolsPerStreamMax'>;

/** Where a stream's part begins; that of the stream after the last is the end. */
function partStart({ start, end, streamCount }: Cut, stream: number): number {
  return start + Math.floor(((end - start) * stream) / streamCount);
}

/** Symbols that a stream predicts. */
function streamLength(cut: Cut, stream: number): number {
  return Math.min(partStart(cut, stream + 1) - partStart(cut, stream), cut.symbolsPerStreamMax);
}

function checkPiece({ pieceCount }: Pieces, piece: number): void {
  assert(
    Number.isInteger(piece) && piece >= 0 && piece < pieceCount,
    `pieces of an evaluation are 0 to ${pieceCount - 1}, not ${piece}`,
  );
}
