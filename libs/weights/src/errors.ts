import { RocinanteError } from '@rocinante/base';

/** Closed list: what can be wrong with a safetensors file. */
export type SafetensorsErrorCode =
  | 'SAFETENSORS_CUT'
  | 'SAFETENSORS_HEADER'
  | 'SAFETENSORS_TENSOR'
  | 'SAFETENSORS_OFFSETS'
  | 'SAFETENSORS_SIZE'
  | 'SAFETENSORS_NO_FILE'
  | 'SAFETENSORS_CHANGED';

/**
 * Bytes that are not the safetensors file that they should be. `code` says of what kind:
 * - `SAFETENSORS_CUT`: fewer bytes than announced: a cut download or copy;
 * - `SAFETENSORS_HEADER`: the header is too long, no UTF-8, no JSON, of another form, or names something twice;
 * - `SAFETENSORS_TENSOR`: a tensor of an unknown dtype, or a shape that does not make its number of bytes;
 * - `SAFETENSORS_OFFSETS`: tensors that overlap, leave gaps, or lie beyond the file; or bytes that no tensor claims;
 * - `SAFETENSORS_SIZE`: the file is larger than its reader accepts;
 * - `SAFETENSORS_NO_FILE`: the path is a directory's, a pipe's or a device's;
 * - `SAFETENSORS_CHANGED`: somebody wrote it while it was read.
 */
export class SafetensorsError extends RocinanteError {
  declare readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(code, 2, message, options);
  }
}

/** Closed list: what can go wrong with a weights file. */
export type WeightsFileErrorCode =
  | 'WEIGHTS_NOT_WRITTEN'
  | 'WEIGHTS_UNREADABLE'
  | 'WEIGHTS_FORMAT'
  | 'WEIGHTS_VERSION'
  | 'WEIGHTS_METADATA'
  | 'WEIGHTS_NETWORK'
  | 'WEIGHTS_NOT_FINITE';

/**
 * A file that is no weights file of ours, one that contradicts itself, or one that could not be written. `code` says of what kind:
 * - `WEIGHTS_NOT_WRITTEN`: the disk is full, or the directory is not there or may not be written;
 * - `WEIGHTS_UNREADABLE`: it does not exist, may not be read, or is no sound safetensors file (`cause` says which);
 * - `WEIGHTS_FORMAT`: a safetensors file of another program, or a checkpoint;
 * - `WEIGHTS_VERSION`: written by a later release;
 * - `WEIGHTS_METADATA`: a metadata entry is missing or has another form;
 * - `WEIGHTS_NETWORK`: its tensors are not those of the network that it describes;
 * - `WEIGHTS_NOT_FINITE`: a parameter is no finite number: it was not written by us, or bytes of it have changed.
 */
export class WeightsFileError extends RocinanteError {
  declare readonly code: WeightsFileErrorCode;
  readonly path: string;

  constructor(code: WeightsFileErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(code, code === 'WEIGHTS_NOT_WRITTEN' ? 1 : 2, `${path}: ${message}`, options);
    this.path = path;
  }
}
