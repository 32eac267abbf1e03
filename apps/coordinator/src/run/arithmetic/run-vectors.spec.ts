/**
 * The coordinator's arithmetic of whole steps, with gradients that the test makes: what a step's weights are must not
 * depend on who computed what, in which order it arrived, or how often the step was issued.
 */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '@rocinante/base';
import {
  fits,
  gridExponents,
  maxMagnitudes,
  measureBlocks,
  quantise,
  type GridTerms,
} from '@rocinante/codec';
import { INITIAL_POWERS } from '@rocinante/optimizer';
import { createLayout } from '@rocinante/parameters';
import type { RunConfig } from '@rocinante/training';
import { presets } from '../../presets.js';
import { RunVectors, type ClosedState } from './run-vectors.js';
import { StepArithmetic } from './step-arithmetic.js';

/** Small, but of two ranges: a tensor has a block of its own, and a range 256 blocks. */
const layout = createLayout(Array.from({ length: 300 }, (_, i) => ({ name: `tensor_${i}`, shape: [9] })));
const M = 4;
const terms: GridTerms = { codec: 'int32-grid', microBatches: M };
const WINDOWS = 32;
const STEPS = 5;
const config: RunConfig = {
  ...presets.quick,
  batch: { size: WINDOWS, microBatch: WINDOWS / M },
  optimizer: { ...presets.quick.optimizer, clipNorm: 0 },
};

function firstState(magnitudes = new Float32Array(layout.blockCount)): ClosedState {
  const stream = new RandomStream(3, 'simulation');
  return {
    parameters: Float32Array.from({ length: layout.length }, () => stream.uniform() - 0.5),
    m: new Float32Array(layout.length),
    v: new Float32Array(layout.length),
    magnitudes,
    powers: INITIAL_POWERS,
  };
}

/** The vectors and their arithmetic, joined as the driver joins them, in one thread. */
class Run extends RunVectors {
  readonly arithmetic: StepArithmetic;

  constructor(ofRun: RunConfig, state: ClosedState) {
    super(ofRun, layout, state, STEPS, 1);
    this.arithmetic = new StepArithmetic(layout, ofRun.optimizer, this.halves);
  }

  begin(step: number, grid: 'previous' | 'own'): void {
    this.arithmetic.begin(this.issue(step, grid, WINDOWS));
  }
}

/** A micro-batch's gradient: a function of the step and its number, `scale` times as large as usual. */
function gradient(step: number, k: number, scale = 1): Float32Array {
  const stream = new RandomStream(step * M + k, 'simulation', 7);
  return Float32Array.from({ length: layout.length }, () => (stream.uniform() - 0.5) * scale);
}

/** One issue: every contribution reports, and if all fit and the grid is right, its ranges arrive. */
function tryIssue(vectors: Run, step: number, contributions: readonly number[][], scale: number): boolean {
  const sums = contributions.map((microBatches, id) => {
    const magnitudes = new Float32Array(layout.blockCount);
    const sum = new Int32Array(layout.length);
    let allFit = true;
    for (const k of microBatches) {
      const g = gradient(step, k, scale);
      const own = new Float32Array(layout.blockCount);
      measureBlocks(g, layout, own);
      maxMagnitudes(magnitudes, own);
      allFit &&= fits(own, vectors.exponents, terms);
      if (!allFit) continue;
      const quanta = new Int32Array(layout.length);
      quantise(g, vectors.exponents, layout, quanta);
      for (let i = 0; i < sum.length; i++) sum[i] += quanta[i];
    }
    vectors.keepReport(id, magnitudes);
    return sum;
  });
  if (!vectors.judge(contributions.map((_, id) => id))) return false;
  for (const sum of sums) {
    for (const { index, start } of layout.ranges) vectors.arithmetic.add(index, sum.subarray(start));
  }
  return true;
}

/** Takes a step; gives how often it was issued. */
function takeStep(vectors: Run, step: number, contributions: readonly number[][], scale = 1): number {
  vectors.begin(step, 'previous');
  let issues = 1;
  while (!tryIssue(vectors, step, contributions, scale)) {
    issues += 1;
    vectors.begin(step, 'own');
  }
  for (const { index } of layout.ranges) expect(vectors.arithmetic.apply(index)).toBe(true);
  vectors.close();
  return issues;
}

const alone = [[0, 1, 2, 3]];

describe('a step', () => {
  it('gives the same bits for every split and order of contributions', () => {
    const states = [
      alone,
      [[0], [1], [2], [3]],
      [
        [3, 1],
        [0, 2],
      ],
      [[2], [1, 0, 3]],
    ].map((contributions) => {
      const vectors = new Run(config, firstState());
      for (let step = 0; step < 3; step++) takeStep(vectors, step, contributions);
      return vectors.closed;
    });
    for (const state of states) expect(state).toEqual(states[0]);
  });

  it('is issued twice when it is the first, and once when the gradient is about as large as before', () => {
    const vectors = new Run(config, firstState());
    expect([0, 1, 2, 3].map((step) => takeStep(vectors, step, alone))).toEqual([2, 1, 1, 1]);
  });

  it('whose gradient grows a thousandfold is issued again, with the bits of the coarser grid from the start', () => {
    const vectors = new Run(config, firstState());
    takeStep(vectors, 0, alone);
    const before = vectors.closed;
    const copy = {
      ...before,
      parameters: before.parameters.slice(),
      m: before.m.slice(),
      v: before.v.slice(),
    };
    expect(takeStep(vectors, 1, alone, 1000)).toBe(2);
    expect(vectors.misfit).toMatch(/^tensor_\d+: a gradient of \d+, \d+ times what its grid holds$/);

    // A run that expected such magnitudes already: r(s−1) has the grid that the step called for.
    const coarse = new Run(config, { ...copy, magnitudes: vectors.closed.magnitudes });
    expect(takeStep(coarse, 1, alone, 1000)).toBe(1);
    expect(coarse.closed.parameters).toEqual(vectors.closed.parameters);
    expect(coarse.closed.m).toEqual(vectors.closed.m);
    expect(coarse.closed.v).toEqual(vectors.closed.v);
  });

  it('moves its weights as float32 gradients would, to the grid’s precision', () => {
    const vectors = new Run(config, firstState());
    takeStep(vectors, 0, alone);
    const { m } = vectors.closed;
    for (let i = 0; i < layout.length; i += 97) {
      const sum = [0, 1, 2, 3].reduce((total, k) => total + gradient(0, k)[i], 0);
      const expected = (sum / WINDOWS) * (1 - config.optimizer.beta1);
      // Half a grid step for each micro-batch, and float32's own rounding.
      expect(Math.abs(m[i] - expected)).toBeLessThan(2 ** -26 * 0.1);
    }
  });

  it('with clipping has a mean gradient of at most the norm that is allowed', () => {
    const clipped = { ...config, optimizer: { ...config.optimizer, clipNorm: 0.5 } };
    const vectors = new Run(clipped, firstState());
    takeStep(vectors, 0, alone);
    const norm = normOf(vectors.closed.m);
    expect(norm / (1 - config.optimizer.beta1)).toBeCloseTo(0.5, 5);
  });

  it('moves its weights by the rate that the schedule has for it', () => {
    const moved = (schedule: RunConfig['schedule']): number[] => {
      const vectors = new Run({ ...config, schedule }, firstState());
      return Array.from({ length: STEPS }, (_, step) => {
        const before = vectors.closed.parameters.slice();
        takeStep(vectors, step, alone);
        const change = vectors.closed.parameters.map((parameter, i) => parameter - before[i]);
        return normOf(change);
      });
    };
    // Adam's moments do not know of the rate, so a step's change is in proportion to it.
    const constant = moved({ kind: 'constant', warmupSteps: 0 });
    const stepped = moved({ kind: 'step', warmupSteps: 2, everySteps: 1, factor: 0.25 });
    const shares = stepped.map((norm, step) => norm / constant[step]);
    [0.5, 1, 0.25, 0.0625, 0.015625].forEach((share, step) => expect(shares[step]).toBeCloseTo(share, 4));
    const falling = moved({ kind: 'cosine', warmupSteps: 0, finalShare: 0 });
    expect([falling[0] / constant[0], falling[STEPS - 1]]).toEqual([1, 0]);
  });

  it('with a decay takes that share, times the rate, of every parameter', () => {
    const decayed = { ...config, optimizer: { ...config.optimizer, weightDecay: 0.5 } };
    const [plain, own] = [config, decayed].map((ofRun) => {
      const vectors = new Run(ofRun, firstState());
      takeStep(vectors, 0, alone);
      return vectors.closed.parameters;
    });
    const before = firstState().parameters;
    for (let i = 0; i < layout.length; i += 97) {
      expect(plain[i] - own[i]).toBeCloseTo(before[i] * 0.5 * config.optimizer.learningRate, 7);
    }
  });

  it('with a decay on kernels takes nothing of the others', () => {
    const ofKernels = { ...config.optimizer, weightDecay: 0.5, weightDecayOn: 'kernels' as const };
    const [plain, all, kernels] = [
      config,
      { ...config, optimizer: { ...config.optimizer, weightDecay: 0.5 } },
      { ...config, optimizer: ofKernels },
    ].map((ofRun) => {
      const vectors = new Run(ofRun, firstState());
      takeStep(vectors, 0, alone);
      return vectors.closed.parameters;
    });
    for (const { name, offset, size } of layout.tensors) {
      const of = (values: Float32Array): Float32Array => values.subarray(offset, offset + size);
      expect(of(kernels), name).toEqual(of(name.endsWith('kernel') ? all : plain));
    }
  });

  it('leaves the closed state as it was until it is closed', () => {
    const vectors = new Run(config, firstState());
    takeStep(vectors, 0, alone);
    const before = vectors.closed.parameters.slice();
    vectors.begin(1, 'previous');
    tryIssue(vectors, 1, alone, 1);
    for (const { index } of layout.ranges) vectors.arithmetic.apply(index);
    expect(vectors.closed.parameters).toEqual(before);
    expect(vectors.nextParameters).not.toEqual(before);
  });
});

describe('the grid of the first issue', () => {
  it('is the finest, on which nothing real fits', () => {
    const vectors = new Run(config, firstState());
    vectors.begin(0, 'previous');
    expect(vectors.exponents).toEqual(gridExponents(new Float32Array(layout.blockCount), terms));
    expect(tryIssue(vectors, 0, alone, 1)).toBe(false);
  });
});

function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
