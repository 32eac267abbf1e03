export { GRADIENT_CODECS, PARAMETER_CODECS } from './codecs.js';
export {
  EXPONENT_LIMIT,
  MICRO_BATCHES_MAX,
  POWERS_OF_TWO,
  fits,
  gridExponents,
  gridStep,
  maxMagnitudes,
  nextMagnitudes,
  quantumLimit,
} from './grid.js';
export { addQuantised, measureBlocks, quantise, type GradientMeasure } from './quanta.js';
