export { GRADIENT_CODECS, PARAMETER_CODECS, type GradientCodec, type ParameterCodec } from './codecs.js';
export { fromBfloat16, fromInt16, toBfloat16, toInt16 } from './elements.js';
export {
  EXPONENT_LIMIT,
  MICRO_BATCHES_MAX,
  POWERS_OF_TWO,
  ROUNDING_SHIFT,
  fits,
  gridExponents,
  gridStep,
  maxMagnitudes,
  nextMagnitudes,
  quantumLimit,
  type GridTerms,
} from './grid.js';
export { QuantaHash } from './quanta-hash.js';
export { addQuantised, measureBlocks, quantise, type GradientMeasure } from './quanta.js';
