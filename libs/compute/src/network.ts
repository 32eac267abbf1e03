// B windows computed, T positions, V symbols, H units; N = T·B rows, position-major.
import { assert } from '@rocinante/base';
import type { Engine, Tensor } from '@rocinante/engine';
import { networkLayout, type NetworkSpec } from '@rocinante/model';
import type { ParameterLayout } from '@rocinante/parameters';
import { Backpropagation } from './backpropagation.js';
import { batchTensors, type BatchTensors } from './batch-tensors.js';
import type { DropoutKey } from './dropout.js';
import type { DeviceGradient } from './device-gradient.js';
import { copySwappingGates, swapGates } from './gate-order.js';
import { GradientGraph, keepGradients, type Backpropagate, type GraphLimits } from './gradient-graph.js';
import { readOn } from './layer-stack.js';
import type { CellState } from './lstm-layer.js';
import { whyPlainAlone, type LstmPath } from './lstm-path.js';
import { layOutRows, sumLosses, type MicroBatch, type Rows } from './micro-batch.js';
import { NetworkWeights } from './network-weights.js';
import { logitsOf, lossesOf, reached } from './output-layer.js';
import { PlainPath } from './plain-path.js';
import { createProducts, type FactorType } from './products.js';
import { evaluateStreams } from './stream-evaluation.js';
import type { Streams } from './streams.js';

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
  readonly #weights: NetworkWeights;
  readonly #backpropagate: Backpropagate;
  readonly #graph: GradientGraph | null;

  private constructor(
    readonly engine: Engine,
    readonly spec: NetworkSpec,
    { windowLength, path, factors = 'float32', graph }: NetworkOptions,
  ) {
    this.windowLength = windowLength;
    this.layout = networkLayout(spec);
    const products = createProducts(engine, factors);
    const isFree = path !== undefined && whyPlainAlone(spec, factors, path) === null;
    this.path = isFree ? path : new PlainPath(engine, spec.recurrentActivation, products);
    this.#weights = new NetworkWeights(engine, spec, this.layout, this.path.gateOrder);
    this.#backpropagate = new Backpropagation(engine, spec, this.path, products, this.#weights).run;
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
    const { engine, spec } = this;
    const weights = this.#weights.loaded;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    return engine.scope(() => {
      const { hidden_NH } = readOn(engine, this.path, spec, weights, rows.symbols_TB, rows.B);
      const labels = engine.int32(rows.labels_N, [rows.labels_N.length]);
      const output = reached(engine, spec, hidden_NH, rows);
      const { loss } = lossesOf(engine, weights, output, labels);
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
      const logits = logitsOf(engine, weights, ends.at(-1)!.hidden);
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
    const { engine, path, spec, windowLength } = this;
    return evaluateStreams(engine, path, spec, this.#weights.loaded, windowLength, streams, isCancelled);
  }

  /** Frees the parameters' tensors, and the graph. */
  dispose(): void {
    this.#graph?.dispose();
    this.#weights.dispose();
  }

  #batchTensors(rows: Rows, dropout: DropoutKey | null): BatchTensors {
    return batchTensors(this.engine, rows, dropout, this.spec.layers.length);
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
