import { assert } from './errors.js';
import { philox, philoxInto, type Words2, type Words4 } from './philox.js';

/** What a stream of random numbers is for. Each purpose has a number of its own, so no two streams ever meet. */
const PURPOSES = {
  'first-values': 1,
  permutation: 2,
  'dropout-mask': 3,
  sampling: 4,
  simulation: 5,
  audit: 6,
} as const;
export type RandomPurpose = keyof typeof PURPOSES;

/** 2^53 − 1 at most: a seed is any safe non-negative integer. */
function seedKey(seed: number): Words2 {
  assert(Number.isSafeInteger(seed) && seed >= 0, `a seed is a non-negative safe integer, not ${seed}`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/**
 * Four 32-bit words that are a function of the seed, the purpose and up to three unsigned 32-bit numbers: a key for a
 * further generator (TensorFlow's stateless one, a Feistel network) or a few random bits.
 */
export function randomWords(seed: number, purpose: RandomPurpose, a = 0, b = 0, c = 0): Words4 {
  return philox(seedKey(seed), [a >>> 0, b >>> 0, c >>> 0, PURPOSES[purpose]]);
}

/** A sequence of random numbers; the same seed, purpose and index give the same sequence everywhere. */
export class RandomStream {
  readonly #key: Words2;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #used = 4;

  constructor(seed: number, purpose: RandomPurpose, index = 0) {
    const [k0, k1] = randomWords(seed, purpose, index);
    this.#key = [k0, k1];
  }

  /** The next unsigned 32-bit word. */
  word(): number {
    if (this.#used === 4) {
      philoxInto(this.#words, this.#key, [this.#block >>> 0, Math.floor(this.#block / 2 ** 32), 0, 0]);
      this.#block += 1;
      this.#used = 0;
    }
    return this.#words[this.#used++];
  }

  /** A float64 in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** An integer in [0, bound), for a bound of at most 2^32; without bias, by rejection. */
  integer(bound: number): number {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 32, `bound is 1 to 2^32, not ${bound}`);
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const word = this.word();
      if (word < limit) return word % bound;
    }
  }

  /**
   * A float64 from the standard normal distribution (Box and Muller 1958, the cosine branch).
   * Math.log and Math.cos are the engine's own: the same bits on one release of Node, as ARCHITECTURE.md promises.
   */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}
