import {
  lstmCellGrad,
  sigmoid,
  type CellShape,
  type CellStep,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { Gates } from './gates.js';

/** Keras's gates since 2.3, the logistic function; backwards in one fused op. */
export class SigmoidGates implements Gates {
  constructor(readonly engine: Engine) {}

  activate(gate_BH: Tensor): Tensor {
    return sigmoid(this.engine, gate_BH);
  }

  backward(
    shape: CellShape,
    step: CellStep,
    previousCell_BH: Tensor,
    cellGradient_BH: Tensor,
    hiddenGradient_BH: Tensor,
  ): { previousCell: Tensor; gates: Tensor } {
    return lstmCellGrad(this.engine, shape, step, previousCell_BH, cellGradient_BH, hiddenGradient_BH);
  }
}
