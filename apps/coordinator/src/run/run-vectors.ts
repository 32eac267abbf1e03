import { fits, gridExponents, maxMagnitudes, nextMagnitudes } from '@rocinante/codec';
import {
  advancePowers,
  applyAdamRange,
  clipFactor,
  gradientNorm,
  type AdamPowers,
} from '@rocinante/optimizer';
import { addRange, type ParameterLayout } from '@rocinante/parameters';
import { microBatchesOf, type RunConfig } from '@rocinante/training';

/** Parameters, moments and what goes with them, after some number of closed steps. */
export interface ClosedState {
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** r: what the next step's grid follows from; float32, [blocks]. */
  readonly magnitudes: Float32Array;
  readonly powers: AdamPowers;
}

interface Vectors {
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/**
 * The long vectors of a run, and what the state machine has done with them: closed and next parameters and moments, the
 * accumulator, the grid. Everything here is plain arithmetic; which range, when, is the machine's decision.
 */
export class RunVectors {
  readonly layout: ParameterLayout;
  readonly #config: RunConfig;
  #closed: Vectors;
  #next: Vectors;
  #powers: AdamPowers;
  /** r(s−1) of the closed state, and r(s) of the step in progress as its magnitudes call for it. */
  #magnitudes: Float32Array;
  #ownMagnitudes: Float32Array;
  #exponents: Int8Array;
  #clip = 1;
  readonly #sum: Int32Array;
  readonly #reports = new Map<number, Float32Array>();

  /** @param state becomes this object's own. */
  constructor(config: RunConfig, layout: ParameterLayout, state: ClosedState) {
    this.layout = layout;
    this.#config = config;
    this.#closed = state;
    this.#powers = state.powers;
    this.#magnitudes = state.magnitudes;
    this.#ownMagnitudes = new Float32Array(layout.blockCount);
    this.#next = {
      parameters: new Float32Array(layout.length),
      m: new Float32Array(layout.length),
      v: new Float32Array(layout.length),
    };
    this.#sum = new Int32Array(layout.length);
    this.#exponents = this.#grid(this.#magnitudes);
  }

  /** The closed state; its vectors change at the step after next. */
  get closed(): ClosedState {
    return { ...this.#closed, magnitudes: this.#magnitudes, powers: this.#powers };
  }

  /** The parameters in the making. */
  get nextParameters(): Float32Array {
    return this.#next.parameters;
  }

  /** The grid of the issue in progress, one int8 a block. */
  get exponents(): Int8Array {
    return this.#exponents;
  }

  /** Begins an issue of a step on the grid of r(s−1), or on its own, r(s). */
  issue(grid: 'previous' | 'own'): void {
    this.#sum.fill(0);
    this.#reports.clear();
    this.#exponents = this.#grid(grid === 'previous' ? this.#magnitudes : this.#ownMagnitudes);
  }

  /** Keeps the block magnitudes of a contribution. */
  keepReport(assignment: number, magnitudes: Float32Array): void {
    this.#reports.set(assignment, magnitudes);
  }

  addRange(range: number, values: Int32Array): void {
    addRange(this.#sum, values, this.layout.ranges[range]);
  }

  /**
   * Works out r(s) from these contributions' magnitudes.
   * @returns whether the grid that they call for, r(s−1)'s where they fit it and else r(s)'s, is this issue's.
   */
  judge(assignments: readonly number[]): boolean {
    const step = new Float32Array(this.layout.blockCount);
    for (const assignment of assignments) maxMagnitudes(step, this.#reports.get(assignment)!);
    const own = nextMagnitudes(this.#magnitudes, step, this.layout);
    this.#ownMagnitudes = own;
    const previousGrid = this.#grid(this.#magnitudes);
    const calledFor = fits(step, previousGrid, microBatchesOf(this.#config)) ? previousGrid : this.#grid(own);
    return calledFor.every((exponent, block) => exponent === this.#exponents[block]);
  }

  /**
   * Makes the next parameters and moments of a range whose sum is whole; with clipping, the first range of a step asks
   * that all sums are.
   * @param windows the step's.
   * @returns whether every value is finite.
   */
  apply(range: number, windows: number, first: boolean): boolean {
    const { clipNorm } = this.#config.optimizer;
    if (first && clipNorm > 0) {
      this.#clip = clipFactor(gradientNorm(this.#sum, this.#exponents, windows, this.layout), clipNorm);
    }
    const { learningRate, beta1, beta2, epsilon } = this.#config.optimizer;
    return applyAdamRange({
      layout: this.layout,
      range: this.layout.ranges[range],
      sum: this.#sum,
      exponents: this.#exponents,
      windows,
      gradientFactor: this.#clip,
      learningRate,
      beta1,
      beta2,
      epsilon,
      ...advancePowers(this.#powers, beta1, beta2),
      ...this.#closed,
      nextParameters: this.#next.parameters,
      nextM: this.#next.m,
      nextV: this.#next.v,
    });
  }

  /** The next state becomes the closed one. */
  close(): void {
    const { beta1, beta2 } = this.#config.optimizer;
    [this.#closed, this.#next] = [this.#next, this.#closed];
    this.#powers = advancePowers(this.#powers, beta1, beta2);
    this.#magnitudes = this.#ownMagnitudes;
    this.#clip = 1;
  }

  #grid(magnitudes: Float32Array): Int8Array {
    return gridExponents(magnitudes, microBatchesOf(this.#config));
  }
}
