export type { DropoutKey } from './dropout.js';
export { CudnnLayoutError } from './errors.js';
export type { CellState } from './lstm-layer.js';
export { whyPlainAlone, type LstmPath, type LstmPathName } from './lstm-path.js';
export type { MicroBatch } from './micro-batch.js';
export { Network, type NetworkOptions } from './network.js';
export { chooseLstmPath, type LstmPathInUse } from './path-choice.js';
export { Sampler, type SamplingOptions } from './sampler.js';
export type { Streams } from './streams.js';
