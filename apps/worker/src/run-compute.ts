import { crc32, sha256 } from '@rocinante/base';
import { addQuantised, fits, maxMagnitudes, measureBlocks, quantise } from '@rocinante/codec';
import {
  Network,
  Sampler,
  whyPlainAlone,
  type DropoutKey,
  type LstmPath,
  type MicroBatch,
} from '@rocinante/compute';
import {
  fillWindows,
  microBatchWindows,
  pieceStreams,
  pieceWindows,
  type SymbolIds,
  type WindowSet,
} from '@rocinante/corpus';
import { EngineMemoryError, type Engine } from '@rocinante/engine';
import { firstValues } from '@rocinante/model';
import {
  microBatchesOf,
  networkOf,
  runWindows,
  type MicroBatchResult,
  type RunWindows,
} from '@rocinante/training';
import { WireError } from '@rocinante/wire';
import { largestComputed, MicroBatchMemoryError, smallerMicroBatches } from './cards/fitting-micro-batch.js';
import type {
  EvaluateResult,
  EvaluateWork,
  OpenRun,
  SampleWork,
  TrainResult,
  TrainWork,
} from './engine-messages.js';
import { GradientCache, type Computed, type Room } from './gradient-cache.js';
import type { WholeParameters } from './parameters-receiver.js';

/** One run's work in the engine's thread: windows in, gradients measured and put on the grid, sums out. */
export class RunCompute {
  readonly #run: OpenRun;
  readonly #network: Network;
  readonly #ids: SymbolIds;
  readonly #plan: RunWindows;
  readonly #cache: GradientCache;
  readonly #quanta: Int32Array;
  #parametersVersion = -1;

  /** A line for people where the run's network is not computed by the path that was given; else null. */
  readonly otherPath: string | null;

  /** @param path how LSTM layers are computed, where the network is one that any path computes; plain where it is left out. */
  constructor(engine: Engine, run: OpenRun, path?: LstmPath) {
    this.#run = run;
    this.#ids = idsOf(run.ids, run.idBytes);
    this.#plan = runWindows(run.config, this.#ids.length);
    const network = networkOf(run.config, run.vocabularySize);
    this.#network = Network.create(engine, network, { windowLength: run.config.text.window, path });
    const taken = this.#network.path.name;
    this.otherPath =
      path === undefined || path.name === taken
        ? null
        : `LSTM path ${taken} computes this run's network, and not ${path.name}: ${whyPlainAlone(network)}`;
    const { length, blockCount } = this.#network.layout;
    this.#cache = new GradientCache(length, blockCount);
    this.#quanta = new Int32Array(length);
  }

  /**
   * Gradients of an assignment's micro-batches, each measured and put on the grid by itself, and their sum in `work.sum`.
   * From the first micro-batch that does not fit on, micro-batches are measured only. For an audit they are computed anew,
   * whatever was kept of them.
   * @returns null when the work was cancelled.
   * @throws {MicroBatchMemoryError} there is not the memory; it names the micro-batch for which there is.
   */
  train(work: TrainWork): TrainResult | null {
    const { assignment, exponents, sum, cancelled } = work;
    const { layout } = this.#network;
    this.#take(work.parameters);
    const magnitudes = new Float32Array(layout.blockCount);
    const results: MicroBatchResult[] = [];
    let allFit = true;
    let computeSeconds = 0;
    for (const microBatch of assignment.microBatches) {
      if (Atomics.load(cancelled, 0) === 1) return null;
      if (assignment.kind === 'audit') this.#cache.forget(assignment.step, microBatch);
      const measured = this.#cache.take(assignment.step, microBatch, (room) =>
        this.#measuredGradient(assignment.step, microBatch, room),
      );
      computeSeconds += measured.seconds;
      const finite = measured.finite && Number.isFinite(measured.lossSum);
      if (finite) maxMagnitudes(magnitudes, measured.magnitudes);
      allFit &&= finite && fits(measured.magnitudes, exponents, microBatchesOf(this.#run.config));
      const wanted = allFit && !assignment.magnitudesOnly;
      const checksum = wanted ? this.#addToSum(measured.gradient, exponents, sum, results.length === 0) : 0;
      results.push({
        microBatch,
        lossSum: measured.lossSum,
        norm: Math.sqrt(measured.squaredNorm),
        finite,
        checksum,
      });
    }
    return { results, magnitudes, fits: allFit, computeSeconds };
  }

  /** Losses of an assignment's pieces of the held-out part; null when the work was cancelled. */
  evaluate(work: EvaluateWork): EvaluateResult | null {
    this.#take(work.parameters);
    const started = performance.now();
    const isCancelled = (): boolean => Atomics.load(work.cancelled, 0) === 1;
    const results: { microBatch: number; lossSum: number }[] = [];
    for (const piece of work.assignment.microBatches) {
      const loss = isCancelled() ? null : this.#evaluatePiece(piece, isCancelled);
      if (loss === null) return null;
      results.push({ microBatch: piece, lossSum: loss.lossSum });
    }
    return { results, computeSeconds: (performance.now() - started) / 1000 };
  }

  /** Symbols drawn after a prompt. */
  sample(work: SampleWork): number[] {
    this.#take(work.parameters);
    const sampler = new Sampler(this.#network);
    return [...sampler.sample(Int32Array.from(work.prompt), work)];
  }

  /**
   * The joining proof: the SHA-256 of micro-batch 0's float32 gradient in step 0, on the first values that the seed gives,
   * whatever the run begins with, and with dropout as in the run. It costs one micro-batch and the first values.
   * @throws {MicroBatchMemoryError} as `train`: mostly it is here that it shows.
   */
  prove(): string {
    const { config, vocabularySize } = this.#run;
    this.#parametersVersion = -1;
    this.#network.setParameters(firstValues(networkOf(config, vocabularySize), config.seed));
    const gradient = new Float32Array(this.#network.layout.length);
    const masks = { seed: config.seed, step: 0, microBatch: 0 };
    this.#gradient(this.#trainingWindows(0, 0), masks, gradient);
    return sha256(gradient);
  }

  /**
   * Forgets what is true of one offer of the run only: gradients, and the version of the parameters, whose numbers another
   * life of the coordinator gives again.
   */
  rest(): void {
    this.#parametersVersion = -1;
    this.#cache.clear();
  }

  dispose(): void {
    this.#network.dispose();
  }

  #take({ version, vector }: WholeParameters): void {
    if (version === this.#parametersVersion) return;
    this.#network.setParameters(vector);
    this.#parametersVersion = version;
  }

  #measuredGradient(step: number, microBatch: number, { gradient, magnitudes }: Room): Computed {
    const started = performance.now();
    const windows = this.#trainingWindows(step, microBatch);
    const { lossSum } = this.#gradient(windows, { seed: this.#run.config.seed, step, microBatch }, gradient);
    const measure = measureBlocks(gradient, this.#network.layout, magnitudes);
    return { ...measure, lossSum, seconds: (performance.now() - started) / 1000 };
  }

  /** The network's gradient; where the memory is short, smaller micro-batches of the same windows are tried, to name one. */
  #gradient(batch: MicroBatch, masks: DropoutKey, out: Float32Array): { lossSum: number } {
    try {
      return this.#network.gradient(batch, masks, out);
    } catch (error) {
      if (!(error instanceof EngineMemoryError)) throw error;
      const { windows } = batch;
      const symbolsEach = batch.symbols.length / windows;
      const sizes = smallerMicroBatches(this.#run.config.batch).filter((size) => size < windows);
      const fitting = largestComputed(sizes, (size) => {
        const symbols = batch.symbols.slice(0, size * symbolsEach);
        this.#network.gradient({ windows: size, symbols }, masks, out);
      });
      throw new MicroBatchMemoryError(windows, fitting, this.#network.engine.description.model, error);
    }
  }

  #evaluatePiece(piece: number, isCancelled: () => boolean): { lossSum: number } | null {
    const { evaluation, windows } = this.#plan;
    if (evaluation === null || windows.validation === null) {
      throw new WireError('MALFORMED', 'an evaluation is wanted in a run that holds nothing out');
    }
    if (evaluation.kind === 'windows') {
      return this.#network.evaluate(this.#symbols(windows.validation, pieceWindows(evaluation, piece)));
    }
    const symbols = pieceStreams(this.#ids, evaluation, piece);
    return this.#network.evaluateStreams({ symbols, primed: evaluation.primed }, isCancelled);
  }

  #trainingWindows(step: number, microBatch: number): MicroBatch {
    const { windows, batches } = this.#plan;
    return this.#symbols(windows.train, microBatchWindows(batches, this.#run.config.seed, step, microBatch));
  }

  #symbols(set: WindowSet, windows: Uint32Array): MicroBatch {
    const symbols = new Int32Array(windows.length * (set.length + 1));
    fillWindows(this.#ids, set, windows, symbols);
    return { windows: windows.length, symbols };
  }

  /** Puts the gradient on the grid and adds it to the sum; gives the CRC-32 of its own quanta. */
  #addToSum(gradient: Float32Array, exponents: Int8Array, sum: Int32Array, first: boolean): number {
    const quanta = first ? sum : this.#quanta;
    quantise(gradient, exponents, this.#network.layout, quanta);
    const checksum = crc32(quanta);
    if (!first) addQuantised(sum, quanta);
    return checksum;
  }
}

/** A view of encoded ids, which are as wide as the vocabulary needs. */
function idsOf(buffer: SharedArrayBuffer, idBytes: number): SymbolIds {
  switch (idBytes) {
    case 1:
      return new Uint8Array(buffer);
    case 2:
      return new Uint16Array(buffer);
    case 4:
      return new Uint32Array(buffer);
    default:
      throw new WireError('MALFORMED', `ids of ${idBytes} bytes: expected 1, 2 or 4`);
  }
}
