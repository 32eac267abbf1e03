import {
  add,
  clip,
  greater,
  joinColumns,
  less,
  logicalAnd,
  multiply,
  tanhGrad,
  toFloat,
  type CellShape,
  type CellStep,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { Gates } from './gates.js';

/** The gates of Keras 2.1.5: min(max(0.2 x + 0.5, 0), 1), in ordinary ops. */
export class HardSigmoidGates implements Gates {
  readonly #zero: Tensor;
  readonly #half: Tensor;
  readonly #one: Tensor;
  readonly #slope: Tensor;

  constructor(readonly engine: Engine) {
    this.#zero = engine.scalar(0);
    this.#half = engine.scalar(0.5);
    this.#one = engine.scalar(1);
    this.#slope = engine.scalar(0.2);
  }

  activate(gate_BH: Tensor): Tensor {
    const { engine } = this;
    return engine.scope(() =>
      clip(engine, add(engine, multiply(engine, gate_BH, this.#slope), this.#half), this.#zero, this.#one),
    );
  }

  backward(
    _shape: CellShape,
    step: CellStep,
    previousCell_BH: Tensor,
    cellGradient_BH: Tensor,
    hiddenGradient_BH: Tensor,
  ): { previousCell: Tensor; gates: Tensor } {
    const { engine } = this;
    const times = (a: Tensor, b: Tensor) => multiply(engine, a, b);
    return engine.scope(() => {
      const { input, candidate, forget, output, cellOut } = step;
      const cell = add(engine, cellGradient_BH, tanhGrad(engine, cellOut, times(hiddenGradient_BH, output)));
      const gates = joinColumns(engine, [
        times(this.#slopeAt(input), times(cell, candidate)),
        tanhGrad(engine, candidate, times(cell, input)),
        times(this.#slopeAt(forget), times(cell, previousCell_BH)),
        times(this.#slopeAt(output), times(hiddenGradient_BH, cellOut)),
      ]);
      return { previousCell: times(cell, forget), gates };
    });
  }

  /** The derivative from the function's value: 0.2 between the ends, 0 at them and beyond. */
  #slopeAt(value: Tensor): Tensor {
    const { engine } = this;
    const inside = logicalAnd(engine, greater(engine, value, this.#zero), less(engine, value, this.#one));
    return multiply(engine, toFloat(engine, inside), this.#slope);
  }
}
