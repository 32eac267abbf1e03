import { RandomStream } from '@rocinante/base';

/** Random choices of one input: the same seed, target and number give the same choices everywhere. */
export class Draw {
  readonly #stream: RandomStream;

  constructor(seed: number, target: number, index: number) {
    this.#stream = new RandomStream(seed * 1000 + target, 'simulation', index);
  }

  /** A whole number in [0, bound); 0 for a bound of 0. */
  below(bound: number): number {
    return bound < 1 ? 0 : this.#stream.integer(bound);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.#stream.uniform() < probability;
  }

  /** One of the values. */
  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)];
  }

  /** A length: mostly short, sometimes up to `most`. */
  length(most: number): number {
    return this.below(1 + Math.min(most, 2 ** this.below(13)));
  }

  /** Bytes without any order. */
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#stream.word() & 0xff);
  }
}
