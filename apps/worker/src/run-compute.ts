import { RocinanteError, sha256 } from '@rocinante/base';
import { fits, gridExponents, maxMagnitudes } from '@rocinante/codec';
import {
  Network,
  Sampler,
  mixedCost,
  whyPlainAlone,
  type DropoutKey,
  type FactorType,
  type LstmPath,
  type LstmPathName,
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
import { EngineMemoryError, type Engine, type Tensor } from '@rocinante/engine';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import { VectorMemory } from '@rocinante/parameters';
import {
  gridTermsOf,
  networkOf,
  runWindows,
  type MicroBatchResult,
  type Precision,
  type RunWindows,
} from '@rocinante/training';
import {
  cudnnFailure,
  largestComputed,
  MicroBatchMemoryError,
  smallerMicroBatches,
} from './cards/fitting-micro-batch.js';
import type {
  EvaluateResult,
  EvaluateWork,
  OpenRun,
  SampleWork,
  TrainResult,
  TrainWork,
} from './engine-messages.js';
import { DeviceWay } from './device-way.js';
import { GradientCache, type Computed } from './gradient-cache.js';
import type { GradientWay } from './gradient-way.js';
import { HostWay } from './host-way.js';
import type { WholeParameters } from './parameters-receiver.js';

/** A gradient in the host's memory or on the device: which it is, a run's way knows alone. */
type Gradient = Float32Array | Tensor;

/** How a run is computed, where the defaults are not to be taken. */
export interface ComputeOptions {
  /** How LSTM layers are computed, where the network is one that any path computes; plain where it is left out. */
  readonly path?: LstmPath | undefined;
  /** Where gradients are measured and summed; where it is left out on the device of a card, and in the host's memory of a processor. */
  readonly sums?: 'device' | 'host' | undefined;
}

/** One run's work in the engine's thread: windows in, gradients measured and put on the grid, sums out. */
export class RunCompute {
  readonly #run: OpenRun;
  readonly #network: Network;
  readonly #ids: SymbolIds;
  readonly #plan: RunWindows;
  readonly #way: GradientWay<Gradient>;
  readonly #cache: GradientCache<Gradient>;
  readonly #memory: VectorMemory;
  #parametersVersion = -1;

  /** Lines for people: how the run's network is computed, where that is not by the path that was given, or not as its precision promises. */
  readonly notices: readonly string[];

  /** @throws {EngineCapabilityError} the run is in mixed precision, and what computes that here is not known. */
  constructor(engine: Engine, run: OpenRun, { path, sums }: ComputeOptions = {}) {
    if (run.config.precision === 'mixed') engine.expectBfloat16Known();
    this.#run = run;
    this.#memory = VectorMemory.of(run.memory);
    this.#ids = idsOf(run.ids, run.idBytes);
    this.#plan = runWindows(run.config, this.#ids.length);
    const network = networkOf(run.config, run.vocabularySize);
    const factors = run.config.precision === 'mixed' ? 'bfloat16' : 'float32';
    this.#network = Network.create(engine, network, {
      windowLength: run.config.text.window,
      path,
      factors,
      graph: { windows: run.config.batch.microBatch },
    });
    const taken = this.#network.path.name;
    this.notices = [
      ...(path === undefined || path.name === taken ? [] : [pathNotice(network, factors, path, taken)]),
      ...precisionNotices(engine, run.config.precision),
    ];
    const onDevice = (sums ?? (engine.description.device === 'gpu' ? 'device' : 'host')) === 'device';
    this.#way = onDevice ? new DeviceWay(this.#network) : new HostWay(this.#network, this.#memory);
    this.#cache = new GradientCache(this.#way);
  }

  /**
   * Gradients of an assignment's micro-batches, each measured and put on the grid by itself, and their sum in `work.sum`.
   * From the first micro-batch that does not fit on, micro-batches are measured only. For an audit they are computed anew,
   * whatever was kept of them.
   * @returns null when the work was cancelled.
   * @throws {MicroBatchMemoryError} there is not the memory; it names the micro-batch for which there is.
   */
  train(work: TrainWork): TrainResult | null {
    const { assignment, exponents, cancelled } = work;
    this.#take(work.parameters);
    const magnitudes = new Float32Array(this.#network.layout.blockCount);
    const results: MicroBatchResult[] = [];
    const sum = this.#way.sum(exponents, this.#memory.here(work.sum));
    let allFit = true;
    let computeSeconds = 0;
    try {
      for (const microBatch of assignment.microBatches) {
        if (Atomics.load(cancelled, 0) === 1) return null;
        if (assignment.kind === 'audit') this.#cache.forget(assignment.step, microBatch);
        const measured = this.#cache.take(assignment.step, microBatch, () =>
          this.#measuredGradient(assignment.step, microBatch),
        );
        computeSeconds += measured.seconds;
        const finite = measured.finite && Number.isFinite(measured.lossSum);
        if (finite) maxMagnitudes(magnitudes, measured.magnitudes);
        allFit &&= finite && fits(measured.magnitudes, exponents, gridTermsOf(this.#run.config));
        if (allFit && !assignment.magnitudesOnly) sum.add(measured.gradient);
        const { lossSum, squaredNorm } = measured;
        results.push({ microBatch, lossSum, norm: Math.sqrt(squaredNorm), finite, hash: 0 });
      }
      const hashes = sum.hashes();
      // An audit's sum is nobody's.
      if (hashes.length === results.length && assignment.kind !== 'audit') sum.finish();
      const hashed = results.map((result, index) => ({ ...result, hash: hashes[index] ?? 0 }));
      return { results: hashed, magnitudes, fits: allFit, computeSeconds };
    } finally {
      sum.dispose();
    }
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
   * whatever the run begins with, and with dropout as in the run. It costs one micro-batch, two where gradients are summed on the
   * device, and the first values.
   * @throws {MicroBatchMemoryError} as `train`: mostly it is here that it shows, since all that training does is done once.
   */
  prove(): string {
    const { config, vocabularySize } = this.#run;
    this.#parametersVersion = -1;
    this.#network.setParameters(firstValues(networkOf(config, vocabularySize), config.seed));
    const masks = { seed: config.seed, step: 0, microBatch: 0 };
    return this.#inMemory(this.#trainingWindows(0, 0), (batch) => this.#proofBy(batch, masks));
  }

  /** Lines for people, once a gradient was computed: why gradients are computed op by op that could be by one graph. */
  get graphNotices(): readonly string[] {
    const { graphNotice } = this.#network;
    return graphNotice === null ? [] : [`gradients are computed op by op, which is slower: ${graphNotice}`];
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
    this.#cache.clear();
    this.#way.dispose();
    this.#network.dispose();
  }

  /**
   * Takes parameters in. It needs what those before gave back, whatever the micro-batch: where even that is short, others on the
   * card have taken it, and no smaller micro-batch is looked for. The op's own line then says what to do.
   * @throws {EngineMemoryError} exit code 2, as a micro-batch for which there is not the memory.
   */
  #take({ version, vector }: WholeParameters): void {
    if (version === this.#parametersVersion) return;
    this.#network.setParameters(vector);
    this.#parametersVersion = version;
  }

  /** Of a micro-batch's gradient, after all that training does with one: it is measured, put on a grid, hashed and read as a sum. */
  #proofBy(batch: MicroBatch, masks: DropoutKey): string {
    const { layout } = this.#network;
    const { gradient, magnitudes } = this.#way.measure(batch, masks);
    try {
      const terms = gridTermsOf(this.#run.config);
      const exponents = gridExponents(magnitudes, terms);
      if (fits(magnitudes, exponents, terms)) {
        this.#way.withRoom((out) => this.#sumInto(out, gradient, exponents));
      }
      if (gradient instanceof Float32Array) return sha256(gradient);
    } finally {
      this.#way.retire(gradient);
    }
    const read = new Float32Array(layout.length);
    this.#network.gradient(batch, masks, read);
    return sha256(read);
  }

  #sumInto(out: Int32Array, gradient: Gradient, exponents: Int8Array): void {
    const sum = this.#way.sum(exponents, out);
    try {
      sum.add(gradient);
      sum.hashes();
      sum.finish();
    } finally {
      sum.dispose();
    }
  }

  #measuredGradient(step: number, microBatch: number): Computed<Gradient> {
    const started = performance.now();
    const windows = this.#trainingWindows(step, microBatch);
    const masks = { seed: this.#run.config.seed, step, microBatch };
    const measured = this.#inMemory(
      windows,
      (batch) => this.#way.measure(batch, masks),
      ({ gradient }) => this.#way.retire(gradient),
    );
    return { ...measured, seconds: (performance.now() - started) / 1000 };
  }

  /**
   * What is computed on a micro-batch. Where the memory is short, smaller ones of the same windows are tried, to name one.
   * @param discard frees the result of a try. @throws {MicroBatchMemoryError}
   * @throws {EngineOperationError} cuDNN fails for the smallest too.
   */
  #inMemory<Result>(
    batch: MicroBatch,
    compute: (batch: MicroBatch) => Result,
    discard: (result: Result) => void = () => undefined,
  ): Result {
    try {
      return compute(batch);
    } catch (error) {
      if (!(error instanceof EngineMemoryError)) throw error;
      const { windows } = batch;
      const symbolsEach = batch.symbols.length / windows;
      const sizes = smallerMicroBatches(this.#run.config).filter((size) => size < windows);
      const fitting = largestComputed(sizes, (size) => {
        discard(compute({ windows: size, symbols: batch.symbols.slice(0, size * symbolsEach) }));
      });
      if (error.isPresumed && fitting === null && sizes.length > 0) throw cudnnFailure(windows, error);
      throw new MicroBatchMemoryError(windows, fitting, this.#network.engine.description.model, error);
    }
  }

  #evaluatePiece(piece: number, isCancelled: () => boolean): { lossSum: number } | null {
    const { evaluation, windows } = this.#plan;
    if (evaluation === null || windows.validation === null) {
      throw new RocinanteError('MALFORMED', 1, 'an evaluation is wanted in a run that holds nothing out');
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
}

/** Why a run's network is computed by another path than the one that was chosen; fused does it where cuDNN's path alone does not. */
function pathNotice(network: NetworkSpec, factors: FactorType, path: LstmPath, taken: LstmPathName): string {
  const hint = whyPlainAlone(network, factors) === null ? '; --lstm fused computes it in fewer ops' : '';
  const why = whyPlainAlone(network, factors, path);
  return `LSTM path ${taken} computes this run's network, and not ${path.name}: ${why}${hint}`;
}

/** What is to be told of a precision that is of no use here, or for which there are no instructions. TF32 came to cards with bfloat16's. */
function precisionNotices({ description }: Engine, precision: Precision): string[] {
  const { device, model, multipliesBfloat16 } = description;
  if (precision === 'tf32') {
    if (device === 'gpu' && multipliesBfloat16) return [];
    const where = device === 'gpu' ? 'cards of compute capability 8.0 and more' : 'cards';
    const here =
      multipliesBfloat16 === null
        ? `of ${model} it is unknown (nvidia-smi says it), so products may be those of --precision float32`
        : `on ${model} products are those of --precision float32`;
    return [`precision tf32: only ${where} round factors to TF32; ${here}`];
  }
  if (precision === 'float32') return [];
  const cost = mixedCost(description);
  return cost === null ? [] : [`precision mixed: ${cost}`];
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
      throw new RocinanteError('MALFORMED', 1, `ids of ${idBytes} bytes: expected 1, 2 or 4`);
  }
}
