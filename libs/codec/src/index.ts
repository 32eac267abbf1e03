export { GRADIENT_CODECS, PARAMETER_CODECS } from './codecs.js';
export {
  MICRO_BATCHES_MAX,
  fits,
  gridExponents,
  gridStep,
  maxMagnitudes,
  nextMagnitudes,
  quantumLimit,
} from './grid.js';
export { addQuantised, measureBlocks, quantise, type GradientMeasure } from './quanta.js';
