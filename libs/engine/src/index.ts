export { DataType } from './binding.js';
export { CardChoiceError, chooseCards, type ChosenCard } from './card-choice.js';
export { CardRecord, SEAT_RESTART_WAIT_MS, type SeatEnd, type SeatVerdict } from './card-record.js';
export { SEAT_NAME_LENGTH, seatEnvironment, seatsOf, type CardSeat } from './card-seats.js';
export {
  cardOfPart,
  fieldsWithout,
  isPart,
  parseTelemetry,
  TELEMETRY_FIELDS,
  telemetryQuery,
  type CardReading,
  type ThrottleReason,
} from './card-telemetry.js';
export { isSameCard, xidOf, type XidError } from './card-xid.js';
export type { EngineDescription } from './description.js';
export { Engine, type Scalar } from './engine.js';
export {
  DEVICES,
  setEngineEnvironment,
  WORKER_MEMORY,
  type Device,
  type EngineOptions,
} from './environment.js';
export {
  EngineCapabilityError,
  EngineDeviceError,
  EngineLoadError,
  EngineGraphFileError,
  EngineMemoryError,
  EngineNotFoundError,
  EngineOperationError,
  EnginePrecisionError,
} from './errors.js';
export { demandCard, gpuTrouble, idleCardLine } from './gpu-trouble.js';
export type { Graph } from './graph.js';
export {
  bitwiseAnd,
  float32Bits,
  float64,
  int32OnDevice,
  maxLast,
  readFloat64,
  select,
  sumLast,
  toFloat64,
  toInt32,
  toInt64,
} from './integer-ops.js';
export { engineLibraries, locateBinding, type EngineLibraries } from './location.js';
export {
  computingCard,
  gpuDoubt,
  gpuHindrance,
  readNvidia,
  servesCudnn,
  visibleCards,
  type Card,
  type Nvidia,
} from './nvidia.js';
export {
  blockLstm,
  cudnnLstm,
  cudnnLstmBack,
  cudnnLstmSize,
  type BlockLstmRun,
  type CudnnInputs,
  type CudnnLayout,
  type CudnnRun,
} from './lstm-ops.js';
export {
  add,
  addAll,
  biasAdd,
  clip,
  concatenate,
  constantZeros,
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
  sliceColumns,
  sliceFirst,
  sparseSoftmaxCrossEntropy,
  splitColumns,
  statelessPairs,
  subtract,
  sumFirst,
  sumRowsByIndex,
  swapFirstTwo,
  tanh,
  tanhGrad,
  toBfloat16,
  toFloat,
  toUint16,
  transpose,
  unpack,
  zeros,
  type CellShape,
  type CellStep,
  type Transposition,
} from './ops.js';
export type { Recording } from './recording.js';
export type { Tensor } from './tensor.js';
