// B windows computed, T positions, V symbols, H units, I a layer's inputs; N = T·B rows, position-major.
import { assert } from '@rocinante/base';
import { biasAdd, multiply, sliceFirst, sumRowsByIndex, type Engine, type Tensor } from '@rocinante/engine';
import { networkLayout, type NetworkSpec } from '@rocinante/model';
import type { ParameterLayout } from '@rocinante/parameters';
import { batchTensors, type BatchTensors } from './batch-tensors.js';
import { crossEntropy } from './cross-entropy.js';
import { dropoutMask, type DropoutKey } from './dropout.js';
import type { DeviceGradient } from './device-gradient.js';
import { product, transposedProduct } from './float32-products.js';
import { copySwappingGates, swapGates } from './gate-order.js';
import {
  GradientGraph,
  keepGradients,
  type Backpropagate,
  type GraphLimits,
  type Take,
} from './gradient-graph.js';
import { RowsInput, symbolInput, type LayerInput } from './layer-input.js';
import { freeStates, readOn } from './layer-stack.js';
import type { CellState } from './lstm-layer.js';
import { whyPlainAlone, type Extent, type LayerRun, type LstmPath } from './lstm-path.js';
import { layOutRows, sumLosses, type MicroBatch, type Rows } from './micro-batch.js';
import { NetworkWeights } from './network-weights.js';
import { PlainPath } from './plain-path.js';
import { createProducts, type FactorType, type Products } from './products.js';
import { addLosses, layOutStreams, type Streams } from './streams.js';

/** What a layer leaves for the way back. */
interface LayerTrace {
  readonly run: LayerRun<unknown>;
  readonly input: LayerInput;
  /** [N, I]: what entered, after dropout; undefined in the first layer, which the symbols enter. */
  readonly input_NI: Tensor | undefined;
  /** Of the layer's outputs: [N, H], or [B, H] in the last layer of a loss on the last position. */
  readonly mask: Tensor | undefined;
}

export interface NetworkOptions {
  /** T, the symbols of a window without the one that follows. */
  readonly windowLength: number;
  /** How LSTM layers are computed, where the network is one that any path computes; plain where it is left out. */
  readonly path?: LstmPath | undefined;
  /**
   * The factors of LSTM layers' products in `gradient`; float32 where it is left out. Everything else is float32: parameters,
   * states, pointwise arithmetic, the dense layer, losses, and all that is computed without a way back.
   */
  readonly factors?: FactorType | undefined;
  /**
   * Of which micro-batches `gradient` makes one graph and computes them by it: the same bits, in less time. Of none where it is left
   * out. On a card, and by another path than plain, everything is computed op by op.
   */
  readonly graph?: GraphLimits | undefined;
}

/** A network on the engine: the loss of a micro-batch and its gradient. */
export class Network {
  readonly layout: ParameterLayout;
  readonly windowLength: number;
  /** How its LSTM layers are computed. */
  readonly path: LstmPath;
  readonly #products: Products;
  readonly #weights: NetworkWeights;
  readonly #graph: GradientGraph | null;

  private constructor(
    readonly engine: Engine,
    readonly spec: NetworkSpec,
    { windowLength, path, factors = 'float32', graph }: NetworkOptions,
  ) {
    this.windowLength = windowLength;
    this.layout = networkLayout(spec);
    this.#products = createProducts(engine, factors);
    const isFree = path !== undefined && whyPlainAlone(spec, factors, path) === null;
    this.path = isFree ? path : new PlainPath(engine, spec.recurrentActivation, this.#products);
    this.#weights = new NetworkWeights(engine, spec, this.layout, this.path.gateOrder);
    const isForGraph = this.path.name === 'plain' && engine.description.device === 'cpu';
    this.#graph =
      graph && isForGraph ? new GradientGraph(engine, this.#weights, this.#backpropagate, graph) : null;
  }

  /** Parameters are set before first use. */
  static create(engine: Engine, spec: NetworkSpec, options: NetworkOptions): Network {
    return new Network(engine, spec, options);
  }

  /** Whether micro-batches of the graph's size are computed by it; after the first of them. */
  get hasGraph(): boolean {
    return this.#graph?.isMade ?? false;
  }

  /** Where there should be a graph and is none, why, in one line; null otherwise. */
  get graphNotice(): string | null {
    return this.#graph?.notice ?? null;
  }

  /** Replaces all parameters by a copy of `flat`, in the layout's order; the caller may write to it afterwards. */
  setParameters(flat: Float32Array): void {
    this.#checkLength(flat);
    this.#weights.load(flat);
  }

  /**
   * The gradient of a micro-batch's loss: the sum over windows of the mean over positions of the cross-entropy.
   *
   * Shapes: `out` has `layout.length` elements and is overwritten.
   * Units: nats; a sum over windows, so the caller divides by the step's windows once.
   * Order: fixed. By plain, the same parameters, micro-batch and key give the same bits, with any number of compute threads
   * and whatever was computed before, on processors of one kind.
   * `dropout` null leaves dropout out.
   * @throws {EngineOperationError} TensorFlow has not the memory.
   */
  gradient(batch: MicroBatch, dropout: DropoutKey | null, out: Float32Array): { lossSum: number } {
    this.#checkLength(out);
    const { engine } = this;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    const backpropagate = this.#graph?.backpropagate ?? this.#backpropagate;
    return engine.scope(() => {
      const tensors = this.#batchTensors(rows, dropout);
      const losses_N = backpropagate(tensors, (...made) => this.#copyTo(out, ...made));
      return { lossSum: sumLosses(rows, engine.readFloat32(losses_N)) };
    });
  }

  /**
   * As `gradient`, and nothing is read: on a card the ops are on their way when this returns. What it gives is the caller's
   * to free.
   */
  gradientOnDevice(batch: MicroBatch, dropout: DropoutKey | null): DeviceGradient {
    const { engine } = this;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    return engine.scope(() => {
      const { losses, kept } = keepGradients(
        engine,
        (batch, take) =>
          this.#backpropagate(batch, (name, gradient, units) => {
            take(name, this.#inKerasOrder(gradient, units));
          }),
        this.#batchTensors(rows, dropout),
      );
      const gradients = new Map(kept.map(({ name, gradient }) => [name, gradient]));
      return {
        tensors: this.layout.tensors.map(({ name }) => gradients.get(name)!),
        losses: engine.keep(losses),
        sumLosses: (values) => sumLosses(rows, values),
      };
    });
  }

  /** The micro-batch's loss without dropout, in the units of `gradient`. */
  evaluate(batch: MicroBatch): { lossSum: number } {
    const { engine } = this;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    return engine.scope(() => {
      const { hidden_NH } = readOn(
        engine,
        this.path,
        this.spec,
        this.#weights.loaded,
        rows.symbols_TB,
        rows.B,
      );
      const labels = engine.int32(rows.labels_N, [rows.labels_N.length]);
      const { loss } = this.#crossEntropy(this.#reached(hidden_NH, rows), labels);
      return { lossSum: sumLosses(rows, engine.readFloat32(loss)) };
    });
  }

  /**
   * Feeds symbols through one copy of the network, from a state or from zeros, without dropout.
   *
   * Gives the logits [V] of the symbol after the last, and the states of the layers, which the caller frees.
   */
  advance(
    symbols: Int32Array,
    states?: readonly CellState[],
  ): { readonly logits: Float32Array; readonly states: readonly CellState[] } {
    const { engine, spec } = this;
    const weights = this.#weights.loaded;
    return engine.scope(() => {
      const { states: ends } = readOn(engine, this.path, spec, weights, symbols.slice(), 1, states);
      const logits = biasAdd(engine, product(engine, ends.at(-1)!.hidden, weights.dense_HV), weights.dense_V);
      return { logits: engine.readFloat32(logits), states: ends };
    });
  }

  /**
   * The sum of the cross-entropy of the symbols that streams predict, without dropout: the state is carried from each
   * stream's beginning to its end.
   *
   * Streams are read side by side, `windowLength` positions at a time, which bounds the memory and not what is seen.
   * Units: nats; a sum over symbols.
   * Order: fixed, as in `gradient`; losses are added in float64, position by position and then stream by stream.
   * `isCancelled` is asked before each stretch of `windowLength` positions; the result is null where it says so.
   */
  evaluateStreams(streams: Streams, isCancelled: () => boolean = () => false): { lossSum: number } | null {
    const { engine, spec } = this;
    const weights = this.#weights.loaded;
    const sums = new Float64Array(streams.symbols.length);
    let states: readonly CellState[] | undefined;
    try {
      for (const chunk of layOutStreams(spec, streams, this.windowLength)) {
        if (isCancelled()) return null;
        const ends = engine.scope(() => {
          const run = readOn(engine, this.path, spec, weights, chunk.symbols_TB, chunk.B, states);
          const labels = engine.int32(chunk.labels_N, [chunk.labels_N.length]);
          const { loss } = this.#crossEntropy(run.hidden_NH, labels);
          addLosses(sums, chunk, engine.readFloat32(loss));
          return run.states;
        });
        freeStates(engine, states);
        states = ends;
      }
    } finally {
      freeStates(engine, states);
    }
    return { lossSum: sums.reduce((sum, streamSum) => sum + streamSum, 0) };
  }

  /** Frees the parameters' tensors, and the graph. */
  dispose(): void {
    this.#graph?.dispose();
    this.#weights.unload();
  }

  #batchTensors(rows: Rows, dropout: DropoutKey | null): BatchTensors {
    return batchTensors(this.engine, rows, dropout, this.spec.layers.length);
  }

  /** What a gradient is computed by: a function of tensors and sizes alone, so that it can be run again as a graph. */
  readonly #backpropagate: Backpropagate = (batch, take) => {
    const { engine } = this;
    return engine.scope(() => {
      const { traces, output } = this.#runLayers(batch);
      const { losses_N, logitsGradient_NV } = this.#lossOf(output, batch);
      const outputGradient = this.#denseBack(output, logitsGradient_NV, take);
      this.#layersBack(traces, outputGradient, batch, take);
      return losses_N;
    });
  };

  /** Runs the stack; `output` is what enters the dense layer, [N, H], or [B, H] for a loss on the last position. */
  #runLayers(batch: BatchTensors): { traces: LayerTrace[]; output: Tensor } {
    const { engine, spec } = this;
    const weights = this.#weights.loaded;
    const traces: LayerTrace[] = [];
    let input = symbolInput(engine, this.#products, spec, weights, batch.symbols_N);
    let input_NI: Tensor | undefined;
    for (const [index, { dropout: rate }] of spec.layers.entries()) {
      const isLast = index === spec.layers.length - 1;
      const run = this.path.forward(weights.layers[index], input, batch);
      const output = isLast ? this.#reached(run.hidden_NH, batch) : run.hidden_NH;
      const mask =
        batch.words && rate > 0
          ? dropoutMask(engine, batch.words[index], rate, output.shape as [number, number])
          : undefined;
      const kept = mask ? multiply(engine, output, mask) : output;
      traces.push({ run, input, input_NI, mask });
      if (isLast) return { traces, output: kept };
      input = new RowsInput(this.#products, kept);
      input_NI = kept;
    }
    throw new Error('a network has at least one layer');
  }

  /** Of the uppermost layer's hidden states, those that the loss looks at. */
  #reached(hidden_NH: Tensor, { T, B }: Extent): Tensor {
    return this.spec.loss === 'last' ? sliceFirst(this.engine, hidden_NH, (T - 1) * B, B) : hidden_NH;
  }

  #lossOf(output: Tensor, batch: BatchTensors): { losses_N: Tensor; logitsGradient_NV: Tensor } {
    const { engine } = this;
    return engine.scope(() => {
      const { loss, gradient } = this.#crossEntropy(output, batch.labels_L);
      return { losses_N: loss, logitsGradient_NV: multiply(engine, gradient, batch.shares_L1) };
    });
  }

  /** Each row's loss [N], and its gradient by the logits [N, V]. */
  #crossEntropy(output: Tensor, labels_N: Tensor): { loss: Tensor; gradient: Tensor } {
    const { engine } = this;
    const weights = this.#weights.loaded;
    return engine.scope(() => {
      const logits = biasAdd(engine, product(engine, output, weights.dense_HV), weights.dense_V);
      return crossEntropy(engine, logits, labels_N);
    });
  }

  /** Takes the dense layer's gradients and gives that of its input. */
  #denseBack(output: Tensor, logitsGradient_NV: Tensor, take: Take): Tensor {
    const { engine } = this;
    return engine.scope(() => {
      take('dense/kernel', transposedProduct(engine, output, logitsGradient_NV));
      const ones = engine.constant(new Float32Array(output.shape[0]).fill(1), [output.shape[0], 1]);
      take('dense/bias', transposedProduct(engine, ones, logitsGradient_NV));
      return product(engine, logitsGradient_NV, this.#weights.loaded.dense_VH);
    });
  }

  /** Runs the stack backwards from the gradient of its output, taking each layer's gradients. */
  #layersBack(traces: readonly LayerTrace[], outputGradient: Tensor, batch: BatchTensors, take: Take): void {
    const { engine, spec, path } = this;
    const weights = this.#weights.loaded;
    let gradient = outputGradient;
    for (let index = traces.length - 1; index >= 0; index--) {
      const { run, input, input_NI, mask } = traces[index];
      const { units } = spec.layers[index];
      const name = `lstm_${index + 1}`;
      const below = engine.scope(() => {
        const hiddenGradient = mask ? multiply(engine, gradient, mask) : gradient;
        const made = path.backward(weights.layers[index], input, run, hiddenGradient, batch);
        take(`${name}/bias`, made.bias_4H, units);
        take(`${name}/recurrent_kernel`, made.recurrent_H4H, units);
        take(`${name}/kernel`, made.kernel_I4H, units);
        if (index > 0) return made.input_NI;
        if (made.input_NI !== undefined) {
          const embedding_VE = sumRowsByIndex(engine, made.input_NI, batch.symbols_N, spec.vocabularySize);
          take('embedding/embeddings', embedding_VE);
        }
        return undefined;
      });
      engine.free(gradient, run.hidden_NH);
      if (mask !== undefined) engine.free(mask);
      // Without dropout the input is the layer below's hidden states, which that layer's turn frees.
      if (traces[index - 1]?.mask !== undefined) engine.free(input_NI!);
      if (below === undefined) return;
      gradient = below;
    }
  }

  /** Copies a gradient into its place in the flat vector, that of an LSTM layer of `units` in Keras's order of gates. */
  #copyTo(out: Float32Array, name: string, gradient: Tensor, units?: number): void {
    const { offset } = this.layout.tensors.find((tensor) => tensor.name === name)!;
    const values = this.engine.readFloat32(gradient);
    if (units === undefined || this.path.gateOrder === 'i, f, c, o') out.set(values, offset);
    else copySwappingGates(values, out, offset, units);
  }

  /** A gradient in Keras's order of gates, where `units` says that it has gates. */
  #inKerasOrder(gradient: Tensor, units?: number): Tensor {
    const isThere = units === undefined || this.path.gateOrder === 'i, f, c, o';
    return isThere ? gradient : swapGates(this.engine, gradient, units);
  }

  #checkLength(flat: Float32Array): void {
    assert(
      flat.length === this.layout.length,
      `parameters: expected ${this.layout.length} elements, received ${flat.length}`,
    );
  }
}
