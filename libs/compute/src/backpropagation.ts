// B windows computed, T positions, V symbols, H units, I a layer's inputs; N = T·B rows, position-major.
import { multiply, sumRowsByIndex, type Engine, type Tensor } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { BatchTensors } from './batch-tensors.js';
import { dropoutMask } from './dropout.js';
import type { Backpropagate, Take } from './gradient-graph.js';
import { RowsInput, symbolInput, type LayerInput } from './layer-input.js';
import type { LayerRun, LstmPath } from './lstm-path.js';
import type { NetworkWeights } from './network-weights.js';
import { denseBack, lossesOf, reached } from './output-layer.js';
import type { Products } from './products.js';

/** What a layer leaves for the way back. */
interface LayerTrace {
  readonly run: LayerRun<unknown>;
  readonly input: LayerInput;
  /** [N, I]: what entered, after dropout; undefined in the first layer, which the symbols enter. */
  readonly input_NI: Tensor | undefined;
  /** Of the layer's outputs: [N, H], or [B, H] in the last layer of a loss on the last position. */
  readonly mask: Tensor | undefined;
}

/** The way through a network and back: the loss of a micro-batch and its gradient, tensor by tensor. */
export class Backpropagation {
  constructor(
    readonly engine: Engine,
    readonly spec: NetworkSpec,
    readonly path: LstmPath,
    readonly products: Products,
    readonly weights: NetworkWeights,
  ) {}

  /** What a gradient is computed by: a function of tensors and sizes alone, so that it can be run again as a graph. */
  readonly run: Backpropagate = (batch, take) => {
    const { engine } = this;
    return engine.scope(() => {
      const { traces, output } = this.#runLayers(batch);
      const { losses_N, logitsGradient_NV } = this.#lossOf(output, batch);
      const outputGradient = denseBack(engine, this.weights.loaded, output, logitsGradient_NV, take);
      this.#layersBack(traces, outputGradient, batch, take);
      return losses_N;
    });
  };

  /** Runs the stack; `output` is what enters the dense layer, [N, H], or [B, H] for a loss on the last position. */
  #runLayers(batch: BatchTensors): { traces: LayerTrace[]; output: Tensor } {
    const { engine, spec, path } = this;
    const weights = this.weights.loaded;
    const traces: LayerTrace[] = [];
    let input = symbolInput(engine, this.products, spec, weights, batch.symbols_N);
    let input_NI: Tensor | undefined;
    for (const [index, { dropout: rate }] of spec.layers.entries()) {
      const isLast = index === spec.layers.length - 1;
      const run = path.forward(weights.layers[index], input, batch);
      const output = isLast ? reached(engine, spec, run.hidden_NH, batch) : run.hidden_NH;
      const mask =
        batch.words && rate > 0
          ? dropoutMask(engine, weights.constant, batch.words[index], rate, output.shape as [number, number])
          : undefined;
      const kept = mask ? multiply(engine, output, mask) : output;
      traces.push({ run, input, input_NI, mask });
      if (isLast) return { traces, output: kept };
      input = new RowsInput(this.products, kept);
      input_NI = kept;
    }
    throw new Error('a network has at least one layer');
  }

  /** Each row's loss, and the micro-batch's gradient by the logits. */
  #lossOf(output: Tensor, batch: BatchTensors): { losses_N: Tensor; logitsGradient_NV: Tensor } {
    const { engine } = this;
    return engine.scope(() => {
      const { loss, gradient } = lossesOf(engine, this.weights.loaded, output, batch.labels_L);
      return { losses_N: loss, logitsGradient_NV: multiply(engine, gradient, batch.shares_L1) };
    });
  }

  /** Runs the stack backwards from the gradient of its output, taking each layer's gradients. */
  #layersBack(traces: readonly LayerTrace[], outputGradient: Tensor, batch: BatchTensors, take: Take): void {
    const { engine, spec, path } = this;
    const weights = this.weights.loaded;
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
}
