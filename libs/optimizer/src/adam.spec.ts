/**
 * Goal: Keras's Adam, to the formula and to the bit. Method: golden numbers that Keras wrote (reference/keras-adam.py),
 * a plain transcription element by element for the bits, and the borders of float32. Each step is computed a second time by
 * kernels, to the same bits.
 */
import { readFileSync } from 'node:fs';
import { AssertionError, RandomStream } from '@rocinante/base';
import { createLayout, kernelsOf, VectorMemory, type ParameterLayout } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import {
  ADAM_DEFAULTS,
  advancePowers,
  applyAdamRange,
  INITIAL_POWERS,
  type AdamPowers,
  type AdamRangeStep,
} from './adam.js';
import { clipFactor, gradientNorm } from './clip.js';
import { learningRateAt, type Schedule } from './schedule.js';

interface GoldenState {
  readonly step: number;
  readonly parameters: number[];
  readonly m: number[];
  readonly v: number[];
}
interface Golden {
  readonly clipNorm: number;
  readonly clippedSteps: number;
  readonly plain: GoldenState[];
  readonly clipped: GoldenState[];
  readonly weightDecay: number;
  readonly decayed: GoldenState[];
}

const golden = JSON.parse(readFileSync(new URL('../reference/adam.json', import.meta.url), 'utf8')) as Golden;

type State = Pick<AdamRangeStep, 'parameters' | 'm' | 'v'>;

function zeroState(length: number): State {
  return { parameters: new Float32Array(length), m: new Float32Array(length), v: new Float32Array(length) };
}

type Gradient = Pick<AdamRangeStep, 'sum' | 'exponents' | 'windows'> &
  Partial<Pick<AdamRangeStep, 'gradientFactor' | 'learningRate' | 'weightDecay' | 'decayed'>>;

const memory = VectorMemory.create([{ count: 1, length: 2 ** 25 }]);
const rooms = new Map<number, { closed: State; next: State; sum: Int32Array }>();

/** Vectors that kernels reach, the same for every step of this length. */
function roomsOf(length: number): { closed: State; next: State; sum: Int32Array } {
  const state = (): State => {
    return { parameters: memory.float32(length), m: memory.float32(length), v: memory.float32(length) };
  };
  const made = rooms.get(length) ?? { closed: state(), next: state(), sum: memory.int32(length) };
  rooms.set(length, made);
  expect(kernelsOf(made.sum, ...Object.values(made.closed), ...Object.values(made.next))).not.toBeNull();
  return made;
}

const vectorsOfState = ['parameters', 'm', 'v'] as const;

/** One step over all ranges, into new vectors. */
function applyStep(layout: ParameterLayout, state: State, powers: AdamPowers, gradient: Gradient) {
  const plain = applyTo(zeroState(layout.length), layout, state, powers, gradient);
  const { closed, next, sum } = roomsOf(layout.length);
  for (const name of vectorsOfState) {
    closed[name].set(state[name]);
    next[name].fill(0);
  }
  sum.set(gradient.sum);
  const byKernels = applyTo(next, layout, closed, powers, { ...gradient, sum });
  expect(byKernels.finite).toBe(plain.finite);
  for (const name of vectorsOfState) {
    expect(bitsOf(next[name]).equals(bitsOf(plain.next[name])), name).toBe(true);
  }
  return plain;
}

function bitsOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function applyTo(next: State, layout: ParameterLayout, state: State, powers: AdamPowers, gradient: Gradient) {
  const finite = layout.ranges.map((range) =>
    applyAdamRange({
      gradientFactor: 1,
      ...ADAM_DEFAULTS,
      ...powers,
      ...state,
      ...gradient,
      layout,
      range,
      nextParameters: next.parameters,
      nextM: next.m,
      nextV: next.v,
    }),
  );
  return { next, finite: finite.every(Boolean) };
}

describe('against Keras', () => {
  const layout = createLayout([{ name: 'x', shape: [8] }]);
  const exponents = Int8Array.of(-20);
  const windows = 48;

  /** The formula of reference/keras-adam.py. */
  function quanta(step: number): Int32Array {
    return Int32Array.from({ length: 8 }, (_, i) => {
      const q = ((step * 7919 + i * 104729 + step * i * 31) % 200001) - 100000;
      if (i === 6 && step % 10 !== 0) return 0;
      return i === 7 ? Math.floor(q / 50000) : q;
    });
  }

  const constant = { kind: 'constant', warmupSteps: 0 } as const;
  const halved = { kind: 'step', warmupSteps: 0, everySteps: 100, factor: 0.5 } as const;

  it.each<[string, number, number, number, Schedule, GoldenState[]]>([
    ['without clipping', Infinity, 0, 0, constant, golden.plain],
    ['with a global clip norm', golden.clipNorm, golden.clippedSteps, 0, constant, golden.clipped],
    ['of AdamW and a rate that falls', Infinity, 0, golden.weightDecay, halved, golden.decayed],
  ])(
    'takes 300 steps %s to the same values',
    (_name, clipNorm, clippedExpected, weightDecay, schedule, states) => {
      let state = zeroState(8);
      state.parameters.set(Array.from({ length: 8 }, (_, i) => (i - 3.5) / 10));
      let powers = INITIAL_POWERS;
      let clippedSteps = 0;
      for (let step = 1; step <= 300; step++) {
        powers = advancePowers(powers, ADAM_DEFAULTS.beta1, ADAM_DEFAULTS.beta2);
        const sum = quanta(step);
        const gradientFactor = clipFactor(gradientNorm(sum, exponents, windows, layout), clipNorm);
        if (gradientFactor < 1) clippedSteps++;
        const learningRate = learningRateAt(schedule, ADAM_DEFAULTS.learningRate, step - 1, 300);
        const gradient = { sum, exponents, windows, gradientFactor, learningRate, weightDecay };
        state = applyStep(layout, state, powers, gradient).next;
        const expected = states.find((saved) => saved.step === step);
        if (expected === undefined) continue;
        // Keras's numbers are float64; ours are rounded to float32 each step, by at most 2^-25 of a parameter below 1/2.
        state.parameters.forEach((p, i) => {
          expect(Math.abs(p - expected.parameters[i])).toBeLessThan(step * 2 ** -26 + 1e-8);
        });
        state.m.forEach((m, i) => expectClose(m, expected.m[i], 1e-6, 1e-9));
        state.v.forEach((v, i) => expectClose(v, expected.v[i], 5e-6, 1e-15));
      }
      expect(clippedSteps).toBe(clippedExpected);
    },
  );

  function expectClose(received: number, expected: number, relative: number, absolute: number): void {
    expect(Math.abs(received - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
  }
});

describe('applyAdamRange', () => {
  // Two ranges, the first of which ends with a block of one element; blocks of odd lengths.
  const layout = createLayout([
    { name: 'a', shape: [255 * 1024] },
    { name: 'b', shape: [1] },
    { name: 'c', shape: [1301] },
  ]);
  const powers = advancePowers({ beta1Power: 0.9 ** 3, beta2Power: 0.999 ** 3 }, 0.9, 0.999);

  function randomStep(seed: number): { state: State; gradient: Gradient & { gradientFactor: number } } {
    const stream = new RandomStream(seed, 'simulation');
    const state = zeroState(layout.length);
    const sum = new Int32Array(layout.length);
    for (let i = 0; i < layout.length; i++) {
      state.parameters[i] = stream.uniform() - 0.5;
      state.m[i] = (stream.uniform() - 0.5) / 100;
      state.v[i] = stream.uniform() / 10_000;
      sum[i] = stream.word() | 0;
    }
    const exponents = Int8Array.from({ length: layout.blockCount }, () => -stream.integer(40) - 20);
    return { state, gradient: { sum, exponents, windows: 63, gradientFactor: 0.7 } };
  }

  it.each([
    [0, 63],
    [0.03, 63],
    [0.03, 64],
    [0, 1],
  ])(
    'is the formula in the written order, rounded once for each stored value: decay %d, %i windows',
    (decay, windows) => {
      const { state, gradient: ofSome } = randomStep(1);
      const gradient = { ...ofSome, windows };
      const { next, finite } = applyStep(layout, state, powers, { ...gradient, weightDecay: decay });
      expect(finite).toBe(true);
      const { learningRate, beta1, beta2, epsilon } = ADAM_DEFAULTS;
      const kept = 1 - decay * learningRate;
      const alpha = (learningRate * Math.sqrt(1 - powers.beta2Power)) / (1 - powers.beta1Power);
      const expected = zeroState(layout.length);
      for (let block = 0; block < layout.blockCount; block++) {
        for (let i = layout.blockStarts[block]; i < layout.blockStarts[block + 1]; i++) {
          const g =
            ((gradient.sum[i] * 2 ** gradient.exponents[block]) / gradient.windows) * gradient.gradientFactor;
          const m = state.m[i] + (g - state.m[i]) * (1 - beta1);
          const v = state.v[i] + (g * g - state.v[i]) * (1 - beta2);
          expected.m[i] = m;
          expected.v[i] = v;
          const before = decay === 0 ? state.parameters[i] : state.parameters[i] * kept;
          expected.parameters[i] = before - (m * alpha) / (Math.sqrt(v) + epsilon);
        }
      }
      expect(Buffer.compare(bytes(next), bytes(expected))).toBe(0);
    },
  );

  it('decays the blocks that are to, and takes the others as without a decay', () => {
    const { state, gradient } = randomStep(5);
    const decayed = Uint8Array.from({ length: layout.blockCount }, (_, block) => block % 2);
    const weightDecay = 0.5;
    const some = applyStep(layout, state, powers, { ...gradient, weightDecay, decayed }).next;
    const all = applyStep(layout, state, powers, { ...gradient, weightDecay }).next;
    const none = applyStep(layout, state, powers, gradient).next;
    expect(all.parameters).not.toEqual(none.parameters);
    for (let block = 0; block < layout.blockCount; block++) {
      const [start, end] = [layout.blockStarts[block], layout.blockStarts[block + 1]];
      const of = decayed[block] === 1 ? all : none;
      expect(some.parameters.subarray(start, end)).toEqual(of.parameters.subarray(start, end));
    }
  });

  it('gives the same bits in any order of ranges, and reads the closed state only', () => {
    const { state, gradient } = randomStep(2);
    const before = Buffer.from(bytes(state));
    const forward = applyStep(layout, state, powers, gradient).next;
    const backward = applyStep(
      { ...layout, ranges: [...layout.ranges].reverse() },
      state,
      powers,
      gradient,
    ).next;
    expect(Buffer.compare(bytes(forward), bytes(backward))).toBe(0);
    expect(Buffer.compare(bytes(state), before)).toBe(0);
  });

  it('writes its range only', () => {
    const { state, gradient } = randomStep(3);
    const range = layout.ranges[1];
    const { next } = applyStep({ ...layout, ranges: [range] }, state, powers, gradient);
    expect(next.v.subarray(0, range.start).every((v) => v === 0)).toBe(true);
    expect(next.v.subarray(range.start).every((v) => v > 0)).toBe(true);
  });

  it.each([0, 1, 1023, 1024, 255 * 1024, 255 * 1024 + 1, 255 * 1024 + 1301])(
    'notices that element %i is no longer finite, of parameters or moments',
    (index) => {
      const { state, gradient } = randomStep(4);
      const block = layout.blockStarts.findIndex((start) => start > index) - 1;
      // A gradient of 2^70: its square, at a rate of 0.001, is beyond float32 in v alone.
      const exponents = gradient.exponents.slice();
      const sum = gradient.sum.slice();
      exponents[block] = 100;
      sum.fill(0, layout.blockStarts[block], layout.blockStarts[block + 1]);
      expect(applyStep(layout, state, powers, { ...gradient, sum, exponents }).finite).toBe(true);
      sum[index] = -(2 ** 30);
      const { next, finite } = applyStep(layout, state, powers, { ...gradient, sum, exponents, windows: 1 });
      expect([finite, next.v[index]]).toEqual([false, Infinity]);

      const parameters = state.parameters.slice();
      parameters[index] = NaN;
      expect(applyStep(layout, { ...state, parameters }, powers, gradient).finite).toBe(false);
    },
  );

  it('accepts a block of parameters whose sum alone is beyond float32', () => {
    const { state, gradient } = randomStep(5);
    state.parameters.fill(3e38, 0, 1024);
    const { next, finite } = applyStep(layout, state, powers, gradient);
    expect([finite, next.parameters[0]]).toEqual([true, Math.fround(3e38)]);
  });

  it('without a decay changes no bit of a parameter that stays, not even the sign of a zero', () => {
    const { state, gradient } = randomStep(7);
    state.parameters.fill(-0);
    state.m.fill(0);
    gradient.sum.fill(0);
    const { next } = applyStep(layout, state, powers, gradient);
    expect(next.parameters.every((value) => Object.is(value, -0))).toBe(true);
  });

  it('moves nothing for a gradient of zero and no history', () => {
    const parameters = new Float32Array(layout.length).fill(0.25);
    const gradient = {
      sum: new Int32Array(layout.length),
      exponents: new Int8Array(layout.blockCount),
      windows: 1,
    };
    const { next } = applyStep(layout, { ...zeroState(layout.length), parameters }, powers, gradient);
    expect(next.parameters).toEqual(parameters);
  });

  it('refuses powers that were not advanced, no windows, and vectors of other lengths', () => {
    const { state, gradient } = randomStep(6);
    expect(() => applyStep(layout, state, INITIAL_POWERS, gradient)).toThrow(AssertionError);
    expect(() => applyStep(layout, state, powers, { ...gradient, windows: 0 })).toThrow(AssertionError);
    expect(() => applyStep(layout, state, powers, { ...gradient, sum: new Int32Array(5) })).toThrow(
      AssertionError,
    );
  });
});

describe('advancePowers', () => {
  it('multiplies, step by step, and says the same bits as a loop that was never stopped', () => {
    let powers = INITIAL_POWERS;
    let product = 1;
    for (let step = 0; step < 1000; step++) {
      powers = advancePowers(powers, 0.9, 0.999);
      product *= 0.999;
    }
    expect(powers.beta2Power).toBe(product);
    expect(powers.beta1Power).toBeCloseTo(0.9 ** 1000, 60);
  });
});

function bytes({ parameters, m, v }: State): Buffer {
  return Buffer.concat([parameters, m, v].map((vector) => Buffer.from(vector.buffer)));
}
