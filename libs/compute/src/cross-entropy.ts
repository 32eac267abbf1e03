// V symbols; N rows.
import {
  exp,
  gatherFromRows,
  logSoftmax,
  negate,
  oneHot,
  sparseSoftmaxCrossEntropy,
  subtract,
  type Engine,
  type Tensor,
} from '@rocinante/engine';

/** Each row's loss [N], in nats, and its gradient by the logits [N, V]. */
export interface CrossEntropy {
  readonly loss: Tensor;
  readonly gradient: Tensor;
}

/** The cross-entropy of logits [N, V] and the int32 symbols [N] that were to be predicted. */
export function crossEntropy(engine: Engine, logits_NV: Tensor, labels_N: Tensor): CrossEntropy {
  return engine.description.device === 'gpu'
    ? crossEntropyInParts(engine, logits_NV, labels_N)
    : sparseSoftmaxCrossEntropy(engine, logits_NV, labels_N);
}

/**
 * The same in ordinary ops, for cards: TensorFlow's one op for it is refused there where ops are to be deterministic
 * (tensorflow/core/kernels/sparse_xent_op.cc).
 */
export function crossEntropyInParts(engine: Engine, logits_NV: Tensor, labels_N: Tensor): CrossEntropy {
  return engine.scope(() => {
    const log_NV = logSoftmax(engine, logits_NV);
    const expected_NV = oneHot(engine, labels_N, logits_NV.shape[1]);
    return {
      loss: negate(engine, gatherFromRows(engine, log_NV, labels_N)),
      gradient: subtract(engine, exp(engine, log_NV), expected_NV),
    };
  });
}
