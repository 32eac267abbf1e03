// B windows computed, T positions, V symbols, H units, I a layer's inputs; N = T·B rows, position-major.
import { assert } from '@rocinante/base';
import {
  biasAdd,
  concatenate,
  multiply,
  reshape,
  sliceFirst,
  sparseSoftmaxCrossEntropy,
  unpack,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import { networkLayout, type NetworkSpec } from '@rocinante/model';
import type { ParameterLayout } from '@rocinante/parameters';
import { dropoutMask, type DropoutKey } from './dropout.js';
import { copySwappingGates } from './gate-order.js';
import { createGates, type Gates } from './gates.js';
import { inputGates, inputGradients } from './input-layer.js';
import { freeStates, readOn } from './layer-stack.js';
import { runLayer, runLayerBack, type CellState, type LayerRun } from './lstm-layer.js';
import { layOutRows, sumLosses, type MicroBatch, type Rows } from './micro-batch.js';
import { NetworkWeights } from './network-weights.js';
import { product, transposedProduct } from './products.js';
import { addLosses, layOutStreams, type Streams } from './streams.js';

/** What a layer leaves for the way back. */
interface LayerTrace {
  readonly run: LayerRun;
  /** [N, I]: what entered, after dropout; undefined in the first layer, which the symbols enter. */
  readonly input_NI: Tensor | undefined;
  /** [N, H] */
  readonly hidden_NH: Tensor;
  /** Of the layer's outputs: [N, H], or [B, H] in the last layer of a loss on the last position. */
  readonly mask: Tensor | undefined;
}

/** A network on the engine: the loss of a micro-batch and its gradient. */
export class Network {
  readonly layout: ParameterLayout;
  readonly #weights: NetworkWeights;

  private constructor(
    readonly engine: Engine,
    readonly spec: NetworkSpec,
    readonly windowLength: number,
  ) {
    this.layout = networkLayout(spec);
    this.#weights = new NetworkWeights(engine, spec, this.layout);
  }

  /** `windowLength` is T, the symbols of a window without the one that follows. Parameters are set before first use. */
  static create(engine: Engine, spec: NetworkSpec, options: { readonly windowLength: number }): Network {
    return new Network(engine, spec, options.windowLength);
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
   * Order: fixed. The same parameters, micro-batch and key give the same bits, with any number of compute threads and
   * whatever was computed before, on processors of one kind.
   * `dropout` null leaves dropout out.
   * @throws {EngineOperationError} TensorFlow has not the memory.
   */
  gradient(batch: MicroBatch, dropout: DropoutKey | null, out: Float32Array): { lossSum: number } {
    this.#checkLength(out);
    const { engine } = this;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    return engine.scope(() => {
      const gates = createGates(engine, this.spec.recurrentActivation);
      const symbols_N = engine.int32(rows.symbols_TB, [rows.T * rows.B]);
      const { traces, output } = this.#runLayers(gates, rows, symbols_N, dropout, true);
      const { losses_N, logitsGradient_NV } = this.#lossOf(output, rows);
      const outputGradient = this.#denseBack(output, logitsGradient_NV, out);
      this.#layersBack(gates, traces, symbols_N, outputGradient, rows, out);
      return { lossSum: sumLosses(rows, losses_N) };
    });
  }

  /** The micro-batch's loss without dropout, in the units of `gradient`. */
  evaluate(batch: MicroBatch): { lossSum: number } {
    const { engine } = this;
    const rows = layOutRows(this.spec, this.windowLength, batch);
    return engine.scope(() => {
      const gates = createGates(engine, this.spec.recurrentActivation);
      const symbols_N = engine.int32(rows.symbols_TB, [rows.T * rows.B]);
      const { output } = this.#runLayers(gates, rows, symbols_N, null, false);
      const { loss } = this.#crossEntropy(output, rows.labels_N);
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
      const { states: ends } = readOn(engine, spec, weights, symbols.slice(), 1, states);
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
          const run = readOn(engine, spec, weights, chunk.symbols_TB, chunk.B, states);
          const output = concatenate(engine, run.hidden);
          addLosses(sums, chunk, engine.readFloat32(this.#crossEntropy(output, chunk.labels_N).loss));
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

  /** Frees the parameters' tensors. */
  dispose(): void {
    this.#weights.unload();
  }

  /** Runs the stack; `output` is what enters the dense layer, [N, H], or [B, H] for a loss on the last position. */
  #runLayers(
    gates: Gates,
    rows: Rows,
    symbols_N: Tensor,
    dropout: DropoutKey | null,
    trace: boolean,
  ): { traces: LayerTrace[]; output: Tensor } {
    const { engine, spec } = this;
    const { T, B } = rows;
    const weights = this.#weights.loaded;
    const traces: LayerTrace[] = [];
    let gates_N4H = inputGates(engine, spec, weights, symbols_N);
    let input_NI: Tensor | undefined;
    for (const [index, { units, dropout: rate }] of spec.layers.entries()) {
      const next = weights.layers[index + 1];
      const run = runLayer(
        engine,
        gates,
        weights.layers[index],
        reshape(engine, gates_N4H, [T, B, 4 * units]),
        { trace },
      );
      engine.free(gates_N4H);
      const hidden_NH = concatenate(engine, run.hidden);
      const last = next === undefined && spec.loss === 'last';
      const output = last ? sliceFirst(engine, hidden_NH, (T - 1) * B, B) : hidden_NH;
      engine.free(...run.hidden);
      const mask =
        dropout && rate > 0
          ? dropoutMask(engine, dropout, index, rate, output.shape as [number, number])
          : undefined;
      const kept = mask ? multiply(engine, output, mask) : output;
      traces.push({ run, input_NI, hidden_NH, mask });
      if (next === undefined) return { traces, output: kept };
      gates_N4H = product(engine, kept, next.kernel_I4H);
      input_NI = kept;
    }
    throw new Error('a network has at least one layer');
  }

  #lossOf(output: Tensor, rows: Rows): { losses_N: Float32Array; logitsGradient_NV: Tensor } {
    const { engine } = this;
    return engine.scope(() => {
      const { loss, gradient } = this.#crossEntropy(output, rows.labels_N);
      const shares = engine.float32(rows.shares_N, [rows.shares_N.length, 1]);
      return {
        losses_N: engine.readFloat32(loss),
        logitsGradient_NV: multiply(engine, gradient, shares),
      };
    });
  }

  /** Each row's loss [N], and its gradient by the logits [N, V]. */
  #crossEntropy(output: Tensor, labels_N: Int32Array): { loss: Tensor; gradient: Tensor } {
    const { engine } = this;
    const weights = this.#weights.loaded;
    return engine.scope(() => {
      const logits = biasAdd(engine, product(engine, output, weights.dense_HV), weights.dense_V);
      return sparseSoftmaxCrossEntropy(engine, logits, engine.int32(labels_N, [labels_N.length]));
    });
  }

  /** Writes the dense layer's gradients and gives that of its input. */
  #denseBack(output: Tensor, logitsGradient_NV: Tensor, out: Float32Array): Tensor {
    const { engine } = this;
    return engine.scope(() => {
      this.#write(out, 'dense/kernel', transposedProduct(engine, output, logitsGradient_NV));
      const ones = engine.float32(new Float32Array(output.shape[0]).fill(1), [output.shape[0], 1]);
      this.#write(out, 'dense/bias', transposedProduct(engine, ones, logitsGradient_NV));
      return product(engine, logitsGradient_NV, this.#weights.loaded.transposed.dense_VH);
    });
  }

  /** Runs the stack backwards from the gradient of its output, writing each layer's gradients. */
  #layersBack(
    gates: Gates,
    traces: readonly LayerTrace[],
    symbols_N: Tensor,
    outputGradient: Tensor,
    { T, B }: Rows,
    out: Float32Array,
  ): void {
    const { engine, spec } = this;
    const weights = this.#weights.loaded;
    let gradient = outputGradient;
    for (let index = traces.length - 1; index >= 0; index--) {
      const { run, input_NI, hidden_NH, mask } = traces[index];
      const { units } = spec.layers[index];
      const name = `lstm_${index + 1}`;
      const transposed = weights.transposed.layers[index];
      const below = engine.scope(() => {
        const hiddenGradient = mask ? multiply(engine, gradient, mask) : gradient;
        const { gates: gates_N4H, bias } = runLayerBack(
          engine,
          gates,
          weights.layers[index],
          transposed.recurrent_4HH,
          run.steps,
          perPosition(engine, hiddenGradient, T, B),
        );
        this.#write(out, `${name}/bias`, bias, units);
        this.#write(
          out,
          `${name}/recurrent_kernel`,
          recurrentGradient(engine, hidden_NH, gates_N4H, T, B),
          units,
        );
        if (input_NI !== undefined) {
          this.#write(out, `${name}/kernel`, transposedProduct(engine, input_NI, gates_N4H), units);
          return product(engine, gates_N4H, transposed.kernel_4HI!);
        }
        const { embedding, kernel } = inputGradients(engine, spec, weights, symbols_N, gates_N4H);
        this.#write(out, `${name}/kernel`, kernel, units);
        if (embedding !== undefined) this.#write(out, 'embedding/embeddings', embedding);
        return undefined;
      });
      engine.free(gradient, hidden_NH);
      if (mask !== undefined) engine.free(mask);
      // Without dropout the input is the layer below's hidden states, which that layer's turn frees.
      if (traces[index - 1]?.mask !== undefined) engine.free(input_NI!);
      if (below === undefined) return;
      gradient = below;
    }
  }

  /** Copies a gradient into its place in the flat vector, a layer's in Keras's order of gates. */
  #write(out: Float32Array, name: string, gradient: Tensor, units?: number): void {
    const { offset } = this.layout.tensors.find((tensor) => tensor.name === name)!;
    const values = this.engine.readFloat32(gradient);
    if (units === undefined) out.set(values, offset);
    else copySwappingGates(values, out, offset, units);
  }

  #checkLength(flat: Float32Array): void {
    assert(
      flat.length === this.layout.length,
      `parameters: expected ${this.layout.length} elements, received ${flat.length}`,
    );
  }
}

/** Each position's gradient of the hidden states [B, H]; only the last position's where the loss looks at that alone. */
function perPosition(engine: Engine, gradient: Tensor, T: number, B: number): (Tensor | undefined)[] {
  const [rows, H] = gradient.shape as [number, number];
  if (rows === T * B) return unpack(engine, reshape(engine, gradient, [T, B, H]));
  return [...new Array<undefined>(T - 1).fill(undefined), gradient];
}

/** Position t's gates came from the hidden state before: h[0 … T−2]ᵀ · dgates[1 … T−1], [H, 4H]. */
function recurrentGradient(
  engine: Engine,
  hidden_NH: Tensor,
  gates_N4H: Tensor,
  T: number,
  B: number,
): Tensor {
  const rows = (T - 1) * B;
  const H = hidden_NH.shape[1];
  if (T === 1) return engine.float32(new Float32Array(4 * H * H), [H, 4 * H]);
  const before = sliceFirst(engine, hidden_NH, 0, rows);
  return transposedProduct(engine, before, sliceFirst(engine, gates_N4H, B, rows));
}
