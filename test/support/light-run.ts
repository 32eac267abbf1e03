import { bytesOf, sha256 } from '@rocinante/base';
import { fits, gridStep, QuantaHash } from '@rocinante/codec';
import { networkLayout } from '@rocinante/model';
import { layoutSha256, type ParameterLayout, type ParameterRange } from '@rocinante/parameters';
import { gridTermsOf, networkOf, runConfigSchema, type RunConfig } from '@rocinante/training';
import type { AssignMessage, ReportMessage, StartRunMessage } from '@rocinante/wire';

/** All values are multiples of this, and of every grid that follows from them: nothing is rounded. */
const UNIT = 2 ** -20;
/** A value is 2^-12 to 2^-11, either way: one step's magnitudes fit the grid of the step before. */
const LEAST_UNITS = 256;
const LOSS_NATS = 3;

/**
 * What light workers compute for a run in place of gradients: a value for each block, the same in all of its elements, which
 * follows from step, micro-batch and block alone. It costs next to nothing, and is put on the grid and summed as a gradient
 * is, so the run has the same bits whoever did what. All light workers of a process share one.
 */
export class LightRun {
  readonly layout: ParameterLayout;
  /** SHA-256 of micro-batch 0 of step 0, as float32: the joining proof. */
  readonly proof: string;
  readonly #config: RunConfig;
  /** Room for one micro-batch's values. */
  readonly #vector: Int32Array;
  readonly #quantaHash: QuantaHash;

  /** @throws {Error} the two sides lay out different vectors. */
  constructor({ run, configJson, corpus, layoutSha256: expected }: StartRunMessage) {
    this.#config = runConfigSchema.parse(JSON.parse(configJson));
    this.layout = networkLayout(networkOf(this.#config, corpus!.vocabularySize));
    const received = layoutSha256(this.layout);
    if (received !== expected) throw new Error(`${run}: layout: expected ${expected}, laid out ${received}`);
    this.#vector = new Int32Array(this.layout.length);
    this.#quantaHash = new QuantaHash(this.layout);
    const gradient = new Float32Array(this.layout.length);
    this.#fill(gradient, (block) => valueOf(0, 0, block));
    this.proof = sha256(gradient);
  }

  /** The report on an assignment of kind train or audit, by its rules: from the first that does not fit on, nothing is rounded. */
  report(assign: AssignMessage, secondsEach: number): ReportMessage {
    const { assignment, step, microBatches, magnitudesOnly } = assign;
    const exponents = exponentsOf(assign);
    const magnitudes = new Float32Array(this.layout.blockCount);
    let allFit = true;
    const results = microBatches.map((microBatch) => {
      const own = new Float32Array(this.layout.blockCount);
      let squares = 0;
      for (let block = 0; block < own.length; block++) {
        own[block] = Math.abs(valueOf(step, microBatch, block));
        squares += own[block] ** 2 * this.#sizeOf(block);
        magnitudes[block] = Math.max(magnitudes[block], own[block]);
      }
      allFit &&= fits(own, exponents, gridTermsOf(this.#config));
      const hash = allFit && !magnitudesOnly ? this.#hash(step, microBatch, exponents) : 0;
      const lossSum = this.#config.batch.microBatch * (LOSS_NATS + 100 * valueOf(step, microBatch, 0));
      return { microBatch, lossSum, norm: Math.sqrt(squares), finite: true, checksum: 0, hash };
    });
    return {
      assignment,
      results,
      magnitudes: Buffer.from(bytesOf(magnitudes)),
      fits: allFit,
      computeSeconds: secondsEach * microBatches.length,
    };
  }

  /** A range of an assignment's sum, in multiples of the grid. */
  sum(assign: AssignMessage, { firstBlock, blockCount, start, end }: ParameterRange): Int32Array {
    const { step, microBatches } = assign;
    const exponents = exponentsOf(assign);
    const values = new Int32Array(end - start);
    for (let block = firstBlock; block < firstBlock + blockCount; block++) {
      const sum = microBatches.reduce((sum, k) => sum + quantum(step, k, block, exponents[block]), 0);
      values.fill(sum, this.layout.blockStarts[block] - start, this.layout.blockStarts[block + 1] - start);
    }
    return values;
  }

  #hash(step: number, microBatch: number, exponents: Int8Array): number {
    this.#fill(this.#vector, (block) => quantum(step, microBatch, block, exponents[block]));
    return this.#quantaHash.of(this.#vector);
  }

  #fill(vector: Int32Array | Float32Array, valueAt: (block: number) => number): void {
    const { blockStarts, blockCount } = this.layout;
    for (let block = 0; block < blockCount; block++) {
      vector.fill(valueAt(block), blockStarts[block], blockStarts[block + 1]);
    }
  }

  #sizeOf(block: number): number {
    return this.layout.blockStarts[block + 1] - this.layout.blockStarts[block];
  }
}

/** The value of a micro-batch's block: 256 to 511 units, of either sign. */
function valueOf(step: number, microBatch: number, block: number): number {
  let mixed =
    Math.imul(step + 1, 0x9e3779b1) ^
    Math.imul(microBatch + 1, 0x85ebca6b) ^
    Math.imul(block + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  const units = LEAST_UNITS + (mixed & 0xff);
  return (mixed & 0x100 ? units : -units) * UNIT;
}

function quantum(step: number, microBatch: number, block: number, exponent: number): number {
  return valueOf(step, microBatch, block) / gridStep(exponent);
}

/** A Buffer's bytes as signed numbers, in memory of their own. */
function exponentsOf({ gridExponents }: AssignMessage): Int8Array {
  return new Int8Array(Uint8Array.from(gridExponents).buffer);
}
