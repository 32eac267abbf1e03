import { RocinanteError } from '@rocinante/base';

/** Closed list: what can be wrong with a safetensors file. */
export type SafetensorsErrorCode =
  | 'safetensors-cut'
  | 'safetensors-header'
  | 'safetensors-tensor'
  | 'safetensors-offsets'
  | 'safetensors-size'
  | 'safetensors-no-file'
  | 'safetensors-changed';

/**
 * Bytes that are not the safetensors file that they should be. `code` says of what kind:
 * - `safetensors-cut`: fewer bytes than announced: a cut download or copy;
 * - `safetensors-header`: the header is too long, no UTF-8, no JSON, of another form, or names something twice;
 * - `safetensors-tensor`: a tensor of an unknown dtype, or a shape that does not make its number of bytes;
 * - `safetensors-offsets`: tensors that overlap, leave gaps, or lie beyond the file; or bytes that no tensor claims;
 * - `safetensors-size`: the file is larger than its reader accepts;
 * - `safetensors-no-file`: the path is a directory's, a pipe's or a device's;
 * - `safetensors-changed`: somebody wrote it while it was read.
 */
export class SafetensorsError extends RocinanteError {
  declare readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(code, 2, message, options);
  }
}

/** Closed list: what can go wrong with a weights file. */
export type WeightsFileErrorCode =
  | 'weights-not-written'
  | 'weights-unreadable'
  | 'weights-format'
  | 'weights-version'
  | 'weights-metadata'
  | 'weights-network'
  | 'weights-not-finite';

/**
 * A file that is no weights file of ours, one that contradicts itself, or one that could not be written. `code` says of what kind:
 * - `weights-not-written`: the disk is full, or the directory is not there or may not be written;
 * - `weights-unreadable`: it does not exist, may not be read, or is no sound safetensors file (`cause` says which);
 * - `weights-format`: a safetensors file of another program, or a checkpoint;
 * - `weights-version`: written by a later release;
 * - `weights-metadata`: a metadata entry is missing or has another form;
 * - `weights-network`: its tensors are not those of the network that it describes;
 * - `weights-not-finite`: a parameter is no finite number: it was not written by us, or bytes of it have changed.
 */
export class WeightsFileError extends RocinanteError {
  declare readonly code: WeightsFileErrorCode;
  readonly path: string;

  constructor(code: WeightsFileErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(code, code === 'weights-not-written' ? 1 : 2, `${path}: ${message}`, options);
    this.path = path;
  }
}
