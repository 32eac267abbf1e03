import { assert, randomWords } from '@rocinante/base';

/** Enough for a key's bits to reach all of a domain's, also where its halves have one or two bits. */
const ROUNDS = 8;

/**
 * A keyed permutation of 0 … size − 1, a function of (size, seed, epoch) alone, in constant memory.
 *
 * A Feistel network (Luby and Rackoff 1988) permutes the smallest power of two that holds `size`, at least 4; what falls
 * outside of `size` is permuted again until it falls inside (cycle walking: Black and Rogaway, "Ciphers with Arbitrary
 * Finite Domains", 2002), fewer than two rounds of it on average. The halves may differ by one bit, and change in turn. It
 * shuffles; it hides nothing.
 */
export class Permutation {
  readonly size: number;
  readonly #lowBits: number;
  readonly #lowMask: number;
  readonly #highMask: number;
  readonly #keys: Uint32Array;

  /** Size is 1 to 2^32. */
  constructor(size: number, seed: number, epoch: number) {
    assert(
      Number.isInteger(size) && size >= 1 && size <= 2 ** 32,
      `a permutation has 1 to 2^32 elements, not ${size}`,
    );
    assert(
      Number.isInteger(epoch) && epoch >= 0 && epoch < 2 ** 32,
      `an epoch is an unsigned 32-bit number, not ${epoch}`,
    );
    const bits = Math.max(2, 32 - Math.clz32(size - 1));
    this.size = size;
    this.#lowBits = bits >>> 1;
    this.#lowMask = 2 ** this.#lowBits - 1;
    this.#highMask = 2 ** (bits - this.#lowBits) - 1;
    this.#keys = Uint32Array.from([
      ...randomWords(seed, 'permutation', epoch, 0),
      ...randomWords(seed, 'permutation', epoch, 1),
    ]);
    assert(this.#keys.length === ROUNDS, 'one key a round');
  }

  /** What stands in place `index`, 0 to size − 1. */
  at(index: number): number {
    assert(
      Number.isInteger(index) && index >= 0 && index < this.size,
      `places are 0 to ${this.size - 1}, not ${index}`,
    );
    let value = index;
    do {
      value = this.#permute(value);
    } while (value >= this.size);
    return value;
  }

  /** One pass over the power of two: each half in turn is changed by a function of the other, which can be undone. */
  #permute(value: number): number {
    let low = value & this.#lowMask;
    let high = (value >>> this.#lowBits) & this.#highMask;
    for (let round = 0; round < ROUNDS; round += 2) {
      high ^= mix(low ^ this.#keys[round]) & this.#highMask;
      low ^= mix(high ^ this.#keys[round + 1]) & this.#lowMask;
    }
    return ((high << this.#lowBits) | low) >>> 0;
  }
}

/** MurmurHash3's 32-bit finaliser (Appleby): each bit of the input changes about half of the output's. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
