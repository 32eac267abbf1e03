import { fits, gridExponents, gridStep, maxMagnitudes, nextMagnitudes, quantumLimit } from '@rocinante/codec';
import { advancePowers, learningRateAt, type AdamPowers } from '@rocinante/optimizer';
import type { ParameterLayout, VectorMemory } from '@rocinante/parameters';
import { gridTermsOf, type RunConfig } from '@rocinante/training';
import { takeRunMemory } from './run-memory.js';
import type { Half, IssueTerms, SharedState, StateVectors } from './step-arithmetic.js';

/** Parameters, moments and what goes with them, after some number of closed steps. */
export interface ClosedState extends StateVectors {
  /** r: what the next step's grid follows from; float32, [blocks]. */
  readonly magnitudes: Float32Array;
  readonly powers: AdamPowers;
}

/**
 * The vectors of a run as the state machine speaks of them: the closed half of parameters and moments and the next one, the
 * grid, the magnitudes. What is done with the long ones is StepArithmetic's, in its thread: it writes the next half only,
 * and a step is closed when all of it is made, so nothing in flight writes what has become the closed half.
 */
export class RunVectors {
  readonly layout: ParameterLayout;
  /** Where the halves lie, with room for what the arithmetic needs beside them: for `giveBackRunMemory` at the run's end. */
  readonly memory: VectorMemory;
  readonly #config: RunConfig;
  readonly #stepsTotal: number;
  readonly #rateShare: number;
  readonly #halves: readonly [SharedState, SharedState];
  #closed: Half = 0;
  #powers: AdamPowers;
  /** r(s−1) of the closed state, and r(s) of the step in progress as its magnitudes call for it. */
  #magnitudes: Float32Array;
  #ownMagnitudes: Float32Array;
  #exponents: Int8Array;
  readonly #reports = new Map<number, Float32Array>();
  #misfit = '';

  /**
   * @param state is copied.
   * @param stepsTotal the run's length, by which schedules go.
   * @param rateShare what the schedule's rate is multiplied by.
   */
  constructor(
    config: RunConfig,
    layout: ParameterLayout,
    state: ClosedState,
    stepsTotal: number,
    rateShare: number,
  ) {
    const { length } = layout;
    this.layout = layout;
    this.memory = takeRunMemory(layout);
    this.#config = config;
    this.#stepsTotal = stepsTotal;
    this.#rateShare = rateShare;
    this.#halves = [
      {
        parameters: this.memory.copyOf(state.parameters),
        m: this.memory.copyOf(state.m),
        v: this.memory.copyOf(state.v),
      },
      {
        parameters: this.memory.float32(length),
        m: this.memory.float32(length),
        v: this.memory.float32(length),
      },
    ];
    this.#powers = state.powers;
    this.#magnitudes = state.magnitudes;
    this.#ownMagnitudes = new Float32Array(layout.blockCount);
    this.#exponents = this.#grid(this.#magnitudes);
  }

  /** Both halves of the state, for the arithmetic. */
  get halves(): readonly [SharedState, SharedState] {
    return this.#halves;
  }

  /** The closed state; its vectors change at the step after next. */
  get closed(): ClosedState {
    return { ...this.#halves[this.#closed], magnitudes: this.#magnitudes, powers: this.#powers };
  }

  /** Which half is the closed one. */
  get closedHalf(): Half {
    return this.#closed;
  }

  /** The parameters in the making. */
  get nextParameters(): Float32Array {
    return this.#halves[1 - this.#closed].parameters;
  }

  /** The grid of the issue in progress, one int8 a block. */
  get exponents(): Int8Array {
    return this.#exponents;
  }

  /** What did not fit the grid of the issue that was judged last and did not agree: a clause for people. */
  get misfit(): string {
    return this.#misfit;
  }

  /**
   * Begins an issue of a step on the grid of r(s−1), or on its own, r(s).
   * @param step from 0.
   * @param windows the step's.
   */
  issue(step: number, grid: 'previous' | 'own', windows: number): IssueTerms {
    const { schedule, optimizer } = this.#config;
    const rate = learningRateAt(schedule, optimizer.learningRate, step, this.#stepsTotal);
    this.#reports.clear();
    this.#exponents = this.#grid(grid === 'previous' ? this.#magnitudes : this.#ownMagnitudes);
    return {
      closed: this.#closed,
      exponents: this.#exponents,
      windows,
      powers: this.#nextPowers(),
      learningRate: rate * this.#rateShare,
    };
  }

  /** Keeps the block magnitudes of a contribution. */
  keepReport(assignment: number, magnitudes: Float32Array): void {
    this.#reports.set(assignment, magnitudes);
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
    const calledFor = fits(step, previousGrid, gridTermsOf(this.#config)) ? previousGrid : this.#grid(own);
    const agrees = calledFor.every((exponent, block) => exponent === this.#exponents[block]);
    if (!agrees) this.#misfit = this.#worstMisfit(step);
    return agrees;
  }

  /** The next state, whole, becomes the closed one. */
  close(): void {
    this.#powers = this.#nextPowers();
    this.#closed = this.#closed === 0 ? 1 : 0;
    this.#magnitudes = this.#ownMagnitudes;
  }

  /** The tensor that is farthest beyond the issue's grid. */
  #worstMisfit(magnitudes: Float32Array): string {
    const limit = quantumLimit(gridTermsOf(this.#config));
    let worst = { times: 1, clause: 'other magnitudes than those of the issue before' };
    for (const { name, firstBlock, blockCount } of this.layout.tensors) {
      for (let block = firstBlock; block < firstBlock + blockCount; block++) {
        const times = magnitudes[block] / (limit * gridStep(this.#exponents[block]));
        if (times <= worst.times) continue;
        const magnitude = magnitudes[block].toPrecision(3);
        const clause = `${name}: a gradient of ${magnitude}, ${times.toPrecision(3)} times what its grid holds`;
        worst = { times, clause };
      }
    }
    return worst.clause;
  }

  #nextPowers(): AdamPowers {
    const { beta1, beta2 } = this.#config.optimizer;
    return advancePowers(this.#powers, beta1, beta2);
  }

  #grid(magnitudes: Float32Array): Int8Array {
    return gridExponents(magnitudes, gridTermsOf(this.#config));
  }
}
