import type { CellShape, CellStep, Engine, Tensor } from '@rocinante/engine';
import type { RecurrentActivation } from '@rocinante/model';
import { HardSigmoidGates } from './hard-sigmoid-gates.js';
import { SigmoidGates } from './sigmoid-gates.js';

/** The pointwise part of an LSTM cell that depends on the gates' activation. B windows, H units. */
export interface Gates {
  /** The activation of an input, forget or output gate [B, H]. */
  activate(gate_BH: Tensor): Tensor;

  /**
   * One step back: from the gradients of the cell state that this step made and of its hidden state, [B, H] each, those
   * of the cell state before [B, H] and of the gates before activation [B, 4H], in the order i, c, f, o.
   */
  backward(
    shape: CellShape,
    step: CellStep,
    previousCell_BH: Tensor,
    cellGradient_BH: Tensor,
    hiddenGradient_BH: Tensor,
  ): { previousCell: Tensor; gates: Tensor };
}

/** The gates for an activation; made within the engine's scope in which they are used. */
export function createGates(engine: Engine, activation: RecurrentActivation): Gates {
  return activation === 'sigmoid' ? new SigmoidGates(engine) : new HardSigmoidGates(engine);
}
