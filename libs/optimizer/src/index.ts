export {
  ADAM_DEFAULTS,
  INITIAL_POWERS,
  advancePowers,
  applyAdamRange,
  type AdamOptions,
  type AdamPowers,
  type AdamRangeStep,
} from './adam.js';
export { clipFactor, gradientNorm } from './clip.js';
export { kernelBlocks } from './kernel-blocks.js';
export { learningRateAt, type Schedule } from './schedule.js';
