export { DataType, type Tensor } from './binding.js';
export type { EngineDescription } from './description.js';
export { Engine, type EngineOptions } from './engine.js';
export { engineEnvironment, type ThreadOptions } from './environment.js';
export { EngineLoadError, EngineNotFoundError, EngineOperationError } from './errors.js';
export { locateBinding } from './location.js';
export {
  add,
  addAll,
  batchMatMul,
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
  statelessUniform,
  subtract,
  sumFirst,
  sumRowsByIndex,
  tanh,
  tanhGrad,
  toFloat,
  transpose,
  unpack,
  type CellShape,
  type CellStep,
  type Transposition,
} from './ops.js';
