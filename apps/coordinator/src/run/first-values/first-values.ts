import { assert } from '@rocinante/base';
import type { SharedVector } from '../arithmetic/shared-vector.js';

/** A run's first values until it has taken them: they are as long as its parameters, and nobody needs them afterwards. */
export class FirstValues {
  #values: SharedVector | null;

  constructor(values: SharedVector) {
    this.#values = values;
  }

  /** Once. */
  take(): SharedVector {
    const values = this.#values;
    assert(values !== null, 'first values are taken once');
    this.#values = null;
    return values;
  }
}
