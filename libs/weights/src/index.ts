export {
  PARTIAL_SUFFIX,
  WRITE_CHUNK_BYTES,
  openWritable,
  writeAtomically,
  type OpenWritable,
  type WritableFile,
} from './atomic-file.js';
export {
  SafetensorsError,
  WeightsFileError,
  type SafetensorsErrorCode,
  type WeightsFileErrorCode,
} from './errors.js';
export { FILE_BYTES_MAX, readSafetensorsFile, readSafetensorsHeader } from './safetensors-file.js';
export {
  PREFIX_BYTES,
  encodeHeader,
  float32View,
  parseSafetensors,
  tensorMismatch,
  type Dtype,
  type PlacedTensor,
  type SafetensorsFile,
  type SafetensorsHeader,
  type TensorDescription,
} from './safetensors.js';
export {
  encodeWeightsFile,
  readWeightsFile,
  weightsSha256,
  writeWeightsFile,
  type Weights,
  type WeightsFile,
} from './weights-file.js';
export { type WeightsDescription } from './weights-metadata.js';
