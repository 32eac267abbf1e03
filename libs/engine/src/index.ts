export { DataType } from './binding.js';
export type { EngineDescription } from './description.js';
export { Engine, type EngineOptions } from './engine.js';
export { engineEnvironment, type ThreadOptions } from './environment.js';
export { EngineLoadError, EngineNotFoundError, EngineOperationError } from './errors.js';
export { locateBinding } from './location.js';
export {
  add,
  addAll,
  biasAdd,
  clip,
  concatenate,
  gatherRows,
  greater,
  greaterEqual,
  joinColumns,
  less,
  logicalAnd,
  lstmCellGrad,
  matMul,
  multiply,
  reshape,
  sigmoid,
  sliceFirst,
  sparseSoftmaxCrossEntropy,
  splitColumns,
  statelessPairs,
  subtract,
  sumFirst,
  sumRowsByIndex,
  tanh,
  tanhGrad,
  toFloat,
  toUint16,
  transpose,
  unpack,
  type CellShape,
  type CellStep,
  type Transposition,
} from './ops.js';
export type { Tensor } from './tensor.js';
