import { assert, crc32 } from '@rocinante/base';
import {
  applyAdamRange,
  clipFactor,
  gradientNorm,
  kernelBlocks,
  type AdamOptions,
  type AdamPowers,
} from '@rocinante/optimizer';
import { addRange, type ParameterLayout, type SharedFloat32 } from '@rocinante/parameters';

/** Parameters and moments, each [parameters]. */
export interface StateVectors {
  readonly parameters: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** The same in memory that threads share. */
export type SharedState = Readonly<Record<keyof StateVectors, SharedFloat32>>;

/** Which of the two halves of a run's state is closed; the other is the next one, in the making. */
export type Half = 0 | 1;

/** What the sums and Adam of one issue of a step need beside the vectors. */
export interface IssueTerms {
  readonly closed: Half;
  /** The issue's grid, one int8 a block. */
  readonly exponents: Int8Array;
  /** The step's. */
  readonly windows: number;
  /** The step's: advanced from those of the closed state. */
  readonly powers: AdamPowers;
  /** The step's, by the run's schedule. */
  readonly learningRate: number;
}

/** CRC-32s of a range's bytes when it is made: of the step's sum, int32, and of the next parameters, float32. */
export interface RangeChecksums {
  readonly sum: number;
  readonly parameters: number;
}

/** Clipping of one step: the norm of its mean gradient before, and what that was multiplied by, 1 where the norm was within its limit. */
export interface Clipping {
  readonly norm: number;
  readonly factor: number;
}

/**
 * The settings of the optimizer that are those of every step; a `clipNorm` of 0 is no clipping, and weight decay without
 * `weightDecayOn` is for every parameter.
 */
export type OptimizerTerms = Omit<AdamOptions, 'learningRate'> & {
  readonly clipNorm: number;
  readonly weightDecayOn?: 'kernels' | undefined;
};

/**
 * The arithmetic on long vectors: contributions are added into one accumulator, and ranges whose sum is whole make the
 * next state from the closed one. It reads the closed half and writes the next one, each as the issue begun last says.
 */
export class StepArithmetic {
  readonly #layout: ParameterLayout;
  readonly #optimizer: OptimizerTerms;
  readonly #halves: readonly [StateVectors, StateVectors];
  readonly #sum: Int32Array;
  readonly #decayed: Uint8Array | undefined;
  #terms: IssueTerms | null = null;
  /** Null before the issue's first range, and without clipping. */
  #clipping: Clipping | null = null;

  /** @param sum [parameters], the accumulator; its elements are any. */
  constructor(
    layout: ParameterLayout,
    optimizer: OptimizerTerms,
    halves: readonly [StateVectors, StateVectors],
    sum: Int32Array = new Int32Array(layout.length),
  ) {
    this.#layout = layout;
    this.#optimizer = optimizer;
    this.#halves = halves;
    this.#sum = sum;
    this.#decayed = optimizer.weightDecayOn === 'kernels' ? kernelBlocks(layout) : undefined;
  }

  /** Begins an issue: all that was added is void, and what was made will be made again. */
  begin(terms: IssueTerms): void {
    this.#sum.fill(0);
    this.#terms = terms;
    this.#clipping = null;
  }

  /** @param values the range's, in multiples of the grid; what lies behind them is not looked at. */
  add(range: number, values: Int32Array): void {
    const { start, end } = this.#layout.ranges[range];
    addRange(this.#sum, values.subarray(0, end - start), this.#layout.ranges[range]);
  }

  /**
   * Makes the next parameters and moments of a range whose sum is whole; with clipping, an issue's first range asks that
   * all sums are.
   * @returns whether every value is finite.
   */
  apply(range: number): boolean {
    assert(this.#terms !== null, 'a range is applied in an issue');
    const { closed, exponents, windows, powers, learningRate } = this.#terms;
    const { clipNorm, ...options } = this.#optimizer;
    if (clipNorm > 0 && this.#clipping === null) {
      const norm = gradientNorm(this.#sum, exponents, windows, this.#layout);
      this.#clipping = { norm, factor: clipFactor(norm, clipNorm) };
    }
    const next = this.#halves[1 - closed];
    return applyAdamRange({
      ...options,
      ...powers,
      learningRate,
      ...this.#halves[closed],
      layout: this.#layout,
      range: this.#layout.ranges[range],
      sum: this.#sum,
      exponents,
      windows,
      gradientFactor: this.#clipping?.factor ?? 1,
      decayed: this.#decayed,
      nextParameters: next.parameters,
      nextM: next.m,
      nextV: next.v,
    });
  }

  /** What clipping made of the issue's gradient; null before its first range is applied, and without clipping. */
  get clipping(): Clipping | null {
    return this.#clipping;
  }

  /** The checksums of a range that was applied in this issue. */
  checksums(range: number): RangeChecksums {
    assert(this.#terms !== null, 'a range is applied in an issue');
    const { start, end } = this.#layout.ranges[range];
    const { parameters } = this.#halves[1 - this.#terms.closed];
    return {
      sum: crc32(this.#sum.subarray(start, end)),
      parameters: crc32(parameters.subarray(start, end)),
    };
  }

  /** Copies one half of the state. */
  copy(half: Half, { parameters, m, v }: StateVectors): void {
    const from = this.#halves[half];
    parameters.set(from.parameters);
    m.set(from.m);
    v.set(from.v);
  }
}
