import { oneLine, RocinanteError } from '@rocinante/base';
import type { EngineMemoryError } from '@rocinante/engine';

/**
 * cuDNN's vector of a layer's parameters is not as long as the one that we make.
 * Cause: a release of cuDNN that pads it, or orders it otherwise.
 */
export class CudnnLayoutError extends RocinanteError {
  constructor(
    readonly inputs: number,
    readonly units: number,
    readonly expected: number,
    readonly received: number,
  ) {
    super(
      'CUDNN_LAYOUT_DIFFERS',
      1,
      `cuDNN's vector of a layer of ${inputs} inputs and ${units} units: expected ${expected} elements, received ${received}`,
    );
  }
}

/**
 * Plain, which the other paths are compared with, cannot be computed on the device.
 * Cause: a card that TensorFlow cannot use as it is, such as where a kernel that it compiles on the spot does not compile.
 */
export class PlainPathError extends RocinanteError {
  /** @param model what it was computed on. */
  constructor(
    readonly model: string,
    device: 'cpu' | 'gpu',
    cause: Error,
  ) {
    super(
      'PLAIN_PATH_FAILED',
      cause instanceof RocinanteError ? cause.exitCode : 1,
      `LSTM path plain, with which the others are compared: expected that ${model} computes it, received ${oneLine(cause.message)}` +
        (device === 'gpu' ? '; without the card: --device cpu' : ''),
      { cause },
    );
  }
}

/**
 * There is not even the memory for the small networks on which paths are compared, so that nothing can be said of a path.
 * Cause: others hold the device's memory. Choosing without it would choose other bits than a start with memory.
 */
export class PathMemoryError extends RocinanteError {
  /** @param model what it was computed on. */
  constructor(
    readonly path: string,
    readonly model: string,
    cause: EngineMemoryError,
  ) {
    super(
      'LSTM_PATH_MEMORY',
      2,
      `LSTM path ${path}: expected memory for the small networks on which paths are compared, found too little on ${model} ` +
        `(TensorFlow op ${cause.operation}); end what else holds it, or start fewer workers on it`,
      { cause },
    );
  }
}
