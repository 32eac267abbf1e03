import type { Tensor } from '@rocinante/engine';

/** A micro-batch's gradient in the device's memory, unread. */
export interface DeviceGradient {
  /** One a tensor of the layout, in its order, row-major and with Keras's gates; in whatever shape. */
  readonly tensors: readonly Tensor[];
  /** The rows' losses, for `sumLosses`. */
  readonly losses: Tensor;
  /** `lossSum` as `Network.gradient` gives it, of the losses once they were read. */
  readonly sumLosses: (losses: Float32Array) => number;
}
