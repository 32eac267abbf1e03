export type { DropoutKey } from './dropout.js';
export type { CellState } from './lstm-layer.js';
export type { MicroBatch } from './micro-batch.js';
export { Network } from './network.js';
export { Sampler, type SamplingOptions } from './sampler.js';
export type { Streams } from './streams.js';
