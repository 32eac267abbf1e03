import { RocinanteError } from '@rocinante/base';

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
      `cuDNN's vector of a layer of ${inputs} inputs and ${units} units: expected ${expected} elements, received ${received}; ` +
        'use --lstm fused',
    );
  }
}
