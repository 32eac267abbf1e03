import type { TensorInfo } from './binding.js';

/** What frees the tensors made while it is the innermost. */
export class Scope {
  readonly made: Tensor[] = [];
}

/** A tensor that TensorFlow holds for us: `id` is the binding's name for it, `dtype` one of `DataType`. */
export class Tensor implements TensorInfo {
  /** The scope that frees it; undefined where its maker does. Only the engine writes it. */
  owner: Scope | undefined;

  constructor(
    readonly id: number,
    readonly shape: readonly number[],
    readonly dtype: number,
    owner: Scope | undefined,
  ) {
    this.owner = owner;
    owner?.made.push(this);
  }
}
