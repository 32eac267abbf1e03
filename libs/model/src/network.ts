import { createLayout, type ParameterLayout, type TensorSpec } from '@rocinante/parameters';

/**
 * How a symbol enters the network:
 * - `scaled`: one number, index / vocabulary size (the reference's);
 * - `one-hot`: a vector of the vocabulary's length, 1 at the index;
 * - `embedding`: a learned vector of `embeddingSize`.
 */
export type InputKind = 'scaled' | 'one-hot' | 'embedding';

/** Which positions of a window the loss looks at: the symbol after the window, or the symbol after every position. */
export type LossKind = 'last' | 'every';

/** The gates' activation: Keras's since 2.3 and cuDNN's, or that of Keras 2.1.5 (min(max(0.2x + 0.5, 0), 1)). */
export type RecurrentActivation = 'sigmoid' | 'hard-sigmoid';

export interface LstmLayerSpec {
  readonly units: number;
  /** The share of the layer's outputs set to zero in training, in [0, 1); what is kept is scaled by 1 / (1 − rate). */
  readonly dropout: number;
}

/** A character or word LSTM: input, a stack of LSTM layers each followed by dropout, a dense layer, softmax. */
export interface NetworkSpec {
  readonly input: InputKind;
  /** Length of a learned vector; absent unless `input` is `embedding`. */
  readonly embeddingSize?: number | undefined;
  readonly layers: readonly LstmLayerSpec[];
  readonly loss: LossKind;
  readonly recurrentActivation: RecurrentActivation;
  /** Symbols that can enter and leave. */
  readonly vocabularySize: number;
}

/** The length of the vector that enters the first LSTM layer at each position. */
export function inputSize(network: NetworkSpec): number {
  switch (network.input) {
    case 'scaled':
      return 1;
    case 'one-hot':
      return network.vocabularySize;
    case 'embedding':
      return network.embeddingSize!;
  }
}

/**
 * The network's tensors, Keras's names, shapes and order: `embedding/embeddings` [V, E] where there is one; for each
 * layer n from 1 `lstm_n/kernel` [I, 4H], `lstm_n/recurrent_kernel` [H, 4H], `lstm_n/bias` [4H], the gates in the order
 * i, f, c, o; then `dense/kernel` [H, V] and `dense/bias` [V].
 */
export function networkTensors(network: NetworkSpec): TensorSpec[] {
  const { vocabularySize, layers } = network;
  const tensors: TensorSpec[] = [];
  if (network.input === 'embedding') {
    tensors.push({ name: 'embedding/embeddings', shape: [vocabularySize, inputSize(network)] });
  }
  let width = inputSize(network);
  layers.forEach(({ units }, index) => {
    const name = `lstm_${index + 1}`;
    tensors.push(
      { name: `${name}/kernel`, shape: [width, 4 * units] },
      { name: `${name}/recurrent_kernel`, shape: [units, 4 * units] },
      { name: `${name}/bias`, shape: [4 * units] },
    );
    width = units;
  });
  tensors.push(
    { name: 'dense/kernel', shape: [width, vocabularySize] },
    { name: 'dense/bias', shape: [vocabularySize] },
  );
  return tensors;
}

/** The flat vector that holds a network's parameters. */
export function networkLayout(network: NetworkSpec): ParameterLayout {
  return createLayout(networkTensors(network));
}
