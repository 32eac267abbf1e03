import type { Attribute } from './binding.js';
import type { Tensor } from './tensor.js';

// What a graph must say of an op, and TensorFlow works out where an op is run by itself: from the ops' definitions
// (tensorflow/core/ops/*.cc).

interface OpDefinition {
  /** Attributes that are the type of an input, by its number. */
  readonly types?: Readonly<Record<string, number>>;
  /** Names of the outputs, where they are not a single one, or a list, that is called `output`. */
  readonly outputs?: readonly string[];
}

const DEFINITIONS: Readonly<Record<string, OpDefinition>> = {
  AddN: { outputs: ['sum'] },
  AddV2: { outputs: ['z'] },
  Bitcast: { types: {} },
  Cast: { types: {}, outputs: ['y'] },
  Exp: { outputs: ['y'] },
  Fill: { types: { T: 1, index_type: 0 } },
  GatherV2: { types: { Tparams: 0, Tindices: 1, Taxis: 2 } },
  Greater: { outputs: ['z'] },
  GreaterEqual: { outputs: ['z'] },
  Less: { outputs: ['z'] },
  LogicalAnd: { types: {}, outputs: ['z'] },
  LSTMBlockCellGrad: {
    types: { T: 1 },
    outputs: ['cs_prev_grad', 'dicfo', 'wci_grad', 'wcf_grad', 'wco_grad'],
  },
  MatMul: { outputs: ['product'] },
  Mul: { outputs: ['z'] },
  Neg: { outputs: ['y'] },
  OneHot: { types: { T: 2, TI: 0 } },
  Reshape: { types: { T: 0, Tshape: 1 } },
  Sigmoid: { outputs: ['y'] },
  Slice: { types: { T: 0, Index: 1 } },
  SparseSoftmaxCrossEntropyWithLogits: { types: { T: 0, Tlabels: 1 }, outputs: ['loss', 'backprop'] },
  Split: { types: { T: 1 } },
  StatelessRandomUniformFullInt: { types: { T: 0, Tseed: 1 } },
  Sub: { outputs: ['z'] },
  Sum: { types: { T: 0, Tidx: 1 } },
  Tanh: { outputs: ['y'] },
  TanhGrad: { outputs: ['z'] },
  Transpose: { types: { T: 0, Tperm: 1 }, outputs: ['y'] },
  UnsortedSegmentSum: { types: { T: 0, Tindices: 1, Tnumsegments: 2 } },
};

/** Of most ops. */
const T_OF_FIRST = { T: 0 };

/** The attributes with types that follow from the inputs, but for those that were given. */
export function typesOf(
  operation: string,
  given: readonly Attribute[],
  inputs: readonly Tensor[],
): (readonly [name: string, dtype: number])[] {
  return Object.entries(DEFINITIONS[operation]?.types ?? T_OF_FIRST)
    .filter(([name]) => !given.some((attribute) => attribute.name === name))
    .map(([name, index]) => [name, inputs[index].dtype]);
}

/** An output as other ops of a function name it: `output:number`. */
export function outputNameOf(operation: string, index: number): string {
  const outputs = DEFINITIONS[operation]?.outputs ?? ['output'];
  return outputs.length === 1 ? `${outputs[0]}:${index}` : `${outputs[index]}:0`;
}
