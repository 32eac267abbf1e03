export { DataType } from './binding.js';
export type { EngineDescription } from './description.js';
export { Engine, type EngineOptions } from './engine.js';
export { engineEnvironment, type ThreadOptions } from './environment.js';
export { EngineLoadError, EngineNotFoundError, EngineOperationError } from './errors.js';
export { locateBinding } from './location.js';
export {
  blockLstm,
  cudnnLstm,
  cudnnLstmBack,
  cudnnLstmSize,
  type BlockLstmRun,
  type CudnnInputs,
  type CudnnRun,
  type CudnnVersion,
} from './lstm-ops.js';
export {
  add,
  addAll,
  biasAdd,
  clip,
  concatenate,
  exp,
  gatherFromRows,
  gatherRows,
  greater,
  greaterEqual,
  joinColumns,
  less,
  logicalAnd,
  logSoftmax,
  lstmCellGrad,
  matMul,
  multiply,
  negate,
  oneHot,
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
  zeros,
  type CellShape,
  type CellStep,
  type Transposition,
} from './ops.js';
export type { Tensor } from './tensor.js';
