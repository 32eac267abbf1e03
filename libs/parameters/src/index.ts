export {
  BLOCK_ELEMENTS,
  RANGE_BLOCKS,
  createLayout,
  layoutSha256,
  type ParameterLayout,
  type ParameterRange,
  type TensorEntry,
  type TensorSpec,
} from './layout.js';
export { NORM_BLOCK_ELEMENTS } from './norms.js';
export { addRange } from './sums.js';
export { addressOf, kernelsOf, type VectorKernels } from './vector-kernels.js';
export { VectorMemory, type SharedFloat32, type SharedInt32, type VectorCount } from './vector-memory.js';
export type { SharedWebAssemblyMemory } from './web-assembly.js';
