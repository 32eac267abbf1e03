import { assert, philox } from '@rocinante/base';
import {
  addressOf,
  BLOCK_ELEMENTS,
  kernelsOf,
  type ParameterLayout,
  type VectorMemory,
} from '@rocinante/parameters';

/** The key of the weights, for good: "quanta" and "hash" in ASCII, cut to a word each. */
const KEY = [0x7175616e, 0x68617368] as const;

/** Which weights a word of the generator is for. */
const OF_ELEMENTS = 0;
const OF_BLOCKS = 1;

/**
 * A hash of one micro-batch's quanta, by which two workers' work is compared without sending it:
 *
 * S = Σ q · u[place in its block] · v[block], mod 2^32, all weights odd, fixed and pseudo-random.
 *
 * It is made of wrapping integer products and sums alone, whose order does not matter, so a card computes the same bits
 * beside the vector, and a vector that is padded with zeros has the same hash.
 *
 * What it finds: every single element that differs, since odd weights have inverses mod 2^32; of anything else all but some
 * 2^-32, as long as the differences are no multiples of large powers of two: those of 2^k pass with some 2^(k − 32). Work that
 * was rounded otherwise differs in lowest bits. Against accidents, not against forgery.
 */
export class QuantaHash {
  readonly #layout: ParameterLayout;
  /** u: [1,024], odd; as signed 32-bit numbers, like v. */
  readonly elementWeights: Int32Array;
  /** v: [blocks], odd. */
  readonly blockWeights: Int32Array;

  /** @param memory where the quanta lie that are hashed by kernels. */
  constructor(layout: ParameterLayout, memory?: VectorMemory) {
    this.#layout = layout;
    this.elementWeights = memory?.int32(BLOCK_ELEMENTS) ?? new Int32Array(BLOCK_ELEMENTS);
    this.elementWeights.set(oddWords(OF_ELEMENTS, BLOCK_ELEMENTS));
    this.blockWeights = oddWords(OF_BLOCKS, layout.blockCount);
  }

  /** The hash of quanta [layout.length], as an unsigned 32-bit number. */
  of(quanta: Int32Array): number {
    const { length, blockCount, blockStarts } = this.#layout;
    assert(quanta.length === length, `quanta: expected ${length} elements, received ${quanta.length}`);
    const weights = this.elementWeights;
    const kernels = kernelsOf(quanta, weights);
    let hash = 0;
    for (let block = 0; block < blockCount; block++) {
      const start = blockStarts[block];
      const count = blockStarts[block + 1] - start;
      if (kernels !== null) {
        const lanes = kernels.hash(count, addressOf(quanta, start), addressOf(weights));
        hash = (hash + Math.imul(lanes, this.blockWeights[block])) | 0;
        continue;
      }
      let lane0 = 0;
      let lane1 = 0;
      let lane2 = 0;
      let lane3 = 0;
      let i = 0;
      for (const fours = count - 3; i < fours; i += 4) {
        lane0 = (lane0 + Math.imul(quanta[start + i], weights[i])) | 0;
        lane1 = (lane1 + Math.imul(quanta[start + i + 1], weights[i + 1])) | 0;
        lane2 = (lane2 + Math.imul(quanta[start + i + 2], weights[i + 2])) | 0;
        lane3 = (lane3 + Math.imul(quanta[start + i + 3], weights[i + 3])) | 0;
      }
      for (; i < count; i++) lane0 = (lane0 + Math.imul(quanta[start + i], weights[i])) | 0;
      hash = (hash + Math.imul(lane0 + lane1 + lane2 + lane3, this.blockWeights[block])) | 0;
    }
    return hash >>> 0;
  }
}

/** So many odd words of one of the two sequences. */
function oddWords(sequence: number, count: number): Int32Array {
  const words = new Int32Array(count);
  for (let i = 0; i < count; i += 4) {
    for (const [lane, word] of philox(KEY, [i / 4, 0, 0, sequence]).entries()) {
      if (i + lane < count) words[i + lane] = word | 1;
    }
  }
  return words;
}
