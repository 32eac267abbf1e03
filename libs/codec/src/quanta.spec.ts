/**
 * Goal: a step's int32 sum is a function of its micro-batches' gradients alone. Method: seeded gradients, split over
 * workers and added in every order that a seed gives, against exact sums in BigInt. All is computed a second time by kernels,
 * to the same bits.
 */
import { AssertionError, RandomStream } from '@rocinante/base';
import { createLayout, kernelsOf, VectorMemory, type ParameterLayout } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import { fits, gridExponents, gridStep, maxMagnitudes, nextMagnitudes, quantumLimit } from './grid.js';
import * as loops from './quanta.js';
import { int32 } from './spec-terms.js';

const memory = VectorMemory.create([{ count: 1, length: 2 ** 20 }]);
const [floats, first, second] = [memory.float32(2 ** 16), memory.int32(2 ** 16), memory.int32(2 ** 16)];
expect(kernelsOf(floats, first, second)).not.toBeNull();

/** These values where kernels reach them. */
function inMemory<Vector extends Float32Array | Int32Array>(values: Vector, room: Vector): Vector {
  room.set(values);
  return room.subarray(0, values.length) as Vector;
}

function measureBlocks(gradient: Float32Array, layout: ParameterLayout, out: Float32Array) {
  const measured = loops.measureBlocks(gradient, layout, out);
  const again = new Float32Array(out.length);
  expect(loops.measureBlocks(inMemory(gradient, floats), layout, again)).toEqual(measured);
  expect(Buffer.from(again.buffer).equals(Buffer.from(out.buffer, out.byteOffset, out.byteLength))).toBe(
    true,
  );
  return measured;
}

function quantise(
  gradient: Float32Array,
  exponents: Int8Array,
  layout: ParameterLayout,
  out: Int32Array,
): void {
  loops.quantise(gradient, exponents, layout, out);
  const again = first.subarray(0, out.length).fill(-1);
  loops.quantise(inMemory(gradient, floats), exponents, layout, again);
  expect(again.every((quantum, index) => quantum === out[index])).toBe(true);
}

function addQuantised(sum: Int32Array, quanta: Int32Array): void {
  const again = inMemory(sum, first);
  loops.addQuantised(again, inMemory(quanta, second));
  loops.addQuantised(sum, quanta);
  expect(again.every((value, index) => value === sum[index])).toBe(true);
}

/** Blocks of 1,024, 276, 1, 3 and 1,024, 1,024, 2 elements: every remainder of a loop that goes by fours. */
const layout = createLayout([
  { name: 'a', shape: [1300] },
  { name: 'b', shape: [1] },
  { name: 'c', shape: [3] },
  { name: 'd', shape: [2050] },
]);

function randomGradient(stream: RandomStream, scale = 1): Float32Array {
  return Float32Array.from(
    { length: layout.length },
    () => stream.normal() * scale * 2 ** -stream.integer(12),
  );
}

function magnitudesOf(gradient: Float32Array): Float32Array {
  const out = new Float32Array(layout.blockCount);
  measureBlocks(gradient, layout, out);
  return out;
}

/** rint in float64, the plain way: floor, and what lies halfway to the even one. */
function rint(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function oneBlock(...values: number[]): { gradient: Float32Array; single: ParameterLayout } {
  return {
    gradient: Float32Array.from(values),
    single: createLayout([{ name: 'x', shape: [values.length] }]),
  };
}

describe('measureBlocks', () => {
  it('gives the largest |g| of each block, of either sign, wherever it stands', () => {
    const stream = new RandomStream(1, 'simulation');
    for (let round = 0; round < 20; round++) {
      const gradient = randomGradient(stream);
      const expected = Array.from({ length: layout.blockCount }, (_, block) =>
        Math.max(
          ...gradient.subarray(layout.blockStarts[block], layout.blockStarts[block + 1]).map(Math.abs),
        ),
      );
      expect([...magnitudesOf(gradient)]).toEqual(expected);
    }
    for (let i = 0; i < layout.length; i++) {
      const gradient = new Float32Array(layout.length);
      gradient[i] = i % 2 === 0 ? 7 : -7;
      const out = magnitudesOf(gradient);
      expect(out.reduce((sum, magnitude) => sum + magnitude, 0)).toBe(7);
      expect(out[layout.blockStarts.findIndex((start) => start > i) - 1]).toBe(7);
    }
  });

  it('gives the squared norm, the same bits each time', () => {
    const gradient = randomGradient(new RandomStream(2, 'simulation'));
    const out = new Float32Array(layout.blockCount);
    const { squaredNorm, finite } = measureBlocks(gradient, layout, out);
    const plain = gradient.reduce((sum, g) => sum + g * g, 0);
    expect(Math.abs(squaredNorm / plain - 1)).toBeLessThan(1e-14);
    expect(finite).toBe(true);
    expect(measureBlocks(gradient.slice(), layout, out).squaredNorm).toBe(squaredNorm);
  });

  it('is finite for the largest floats', () => {
    const { gradient, single } = oneBlock(3.4028234e38, -3.4028234e38, 3.4028234e38);
    expect(measureBlocks(gradient, single, new Float32Array(1)).finite).toBe(true);
  });

  it.each([Infinity, -Infinity, NaN])('notices %s in any place', (value) => {
    for (const index of [0, 1, 2, 3, 1023, 1299, 1300, 1303, layout.length - 1]) {
      const gradient = new Float32Array(layout.length).fill(1);
      gradient[index] = value;
      const out = new Float32Array(layout.blockCount);
      expect(measureBlocks(gradient, layout, out).finite).toBe(false);
      expect(out.filter((magnitude) => !Number.isFinite(magnitude)).length).toBe(1);
      expect(fits(out, new Int8Array(layout.blockCount).fill(126), int32(1))).toBe(false);
    }
  });

  it('refuses vectors of other lengths', () => {
    expect(() => measureBlocks(new Float32Array(3), layout, new Float32Array(layout.blockCount))).toThrow(
      AssertionError,
    );
    expect(() => measureBlocks(new Float32Array(layout.length), layout, new Float32Array(3))).toThrow(
      AssertionError,
    );
  });
});

describe('quantise', () => {
  it('rounds ties to even, on both sides of zero', () => {
    const { gradient, single } = oneBlock(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 1.5000001, -0);
    const out = new Int32Array(gradient.length);
    quantise(gradient, Int8Array.of(0), single, out);
    expect([...out]).toEqual([0, 2, 2, 0, -2, -2, 0, 2, 0]);
    // The same values on a grid of 2^-20: scaling is exact.
    quantise(
      gradient.map((g) => g * 2 ** -20),
      Int8Array.of(-20),
      single,
      out,
    );
    expect([...out]).toEqual([0, 2, 2, 0, -2, -2, 0, 2, 0]);
  });

  it('is rint(g · 2^-e) for every element', () => {
    const stream = new RandomStream(3, 'simulation');
    for (const m of [1, 2, 3, 8, 100, 1024]) {
      const gradient = randomGradient(stream, 2 ** (stream.integer(60) - 30));
      const exponents = gridExponents(magnitudesOf(gradient), int32(m));
      const out = new Int32Array(layout.length);
      quantise(gradient, exponents, layout, out);
      for (let block = 0; block < layout.blockCount; block++) {
        for (let i = layout.blockStarts[block]; i < layout.blockStarts[block + 1]; i++) {
          if (out[i] !== rint(gradient[i] * 2 ** -exponents[block])) {
            expect.fail(`element ${i}: ${gradient[i]} on 2^${exponents[block]} gave ${out[i]}`);
          }
        }
      }
    }
  });

  it('reaches the limit of either sign, and M of them stay within int32', () => {
    for (const m of [1, 2, 7, 8, 1000, 1024]) {
      // The largest float32 that rounds to no more than the limit.
      let largest = Math.fround(quantumLimit(int32(m)));
      if (largest > quantumLimit(int32(m))) largest = Math.fround(quantumLimit(int32(m)) * (1 - 2 ** -24));
      const { gradient, single } = oneBlock(largest, -largest);
      const exponents = Int8Array.of(0);
      const magnitudes = new Float32Array(1);
      measureBlocks(gradient, single, magnitudes);
      expect(fits(magnitudes, exponents, int32(m))).toBe(true);
      const [quanta, sum] = [new Int32Array(2), new Int32Array(2)];
      quantise(gradient, exponents, single, quanta);
      for (let k = 0; k < m; k++) addQuantised(sum, quanta);
      expect([...sum]).toEqual([largest * m, -largest * m]);
    }
  });

  it('gives zeros for a block of zeros, on the finest grid', () => {
    const out = new Int32Array(layout.length).fill(1);
    quantise(
      new Float32Array(layout.length),
      gridExponents(new Float32Array(layout.blockCount), int32(8)),
      layout,
      out,
    );
    expect(out.every((q) => q === 0)).toBe(true);
  });

  it('reads back to within half a step of the grid', () => {
    const gradient = randomGradient(new RandomStream(4, 'simulation'));
    const exponents = gridExponents(magnitudesOf(gradient), int32(8));
    const out = new Int32Array(layout.length);
    quantise(gradient, exponents, layout, out);
    for (let block = 0; block < layout.blockCount; block++) {
      const step = gridStep(exponents[block]);
      for (let i = layout.blockStarts[block]; i < layout.blockStarts[block + 1]; i++) {
        expect(Math.abs(out[i] * step - gradient[i])).toBeLessThanOrEqual(step / 2);
      }
    }
  });
});

describe('a step', () => {
  /** Issues a step as the rules say: on the grid of r, and on a misfit again on that of the step's magnitudes. */
  function issue(gradients: readonly Float32Array[], previous: Float32Array, m: number) {
    const magnitudes = new Float32Array(layout.blockCount);
    for (const gradient of gradients) maxMagnitudes(magnitudes, magnitudesOf(gradient));
    const next = nextMagnitudes(previous, magnitudes, layout);
    const first = gridExponents(previous, int32(m));
    const reissued = !fits(magnitudes, first, int32(m));
    return { exponents: reissued ? gridExponents(next, int32(m)) : first, next, magnitudes, reissued };
  }

  function sumOf(gradients: readonly Float32Array[], exponents: Int8Array): Int32Array {
    const [sum, quanta] = [new Int32Array(layout.length), new Int32Array(layout.length)];
    for (const gradient of gradients) {
      quantise(gradient, exponents, layout, quanta);
      addQuantised(sum, quanta);
    }
    return sum;
  }

  it('has one sum under any split over workers and any order, and a short last step on the same grid too', () => {
    const stream = new RandomStream(5, 'simulation');
    let r: Float32Array = new Float32Array(layout.blockCount);
    let reissues = 0;
    for (let round = 0; round < 40; round++) {
      const m = 8;
      const count = round === 39 ? 3 : m; // An epoch's last step has fewer micro-batches; M stays the run's.
      const scale = 2 ** (stream.integer(4) - 2) * (round === 20 ? 1000 : 1);
      const gradients = Array.from({ length: count }, () => randomGradient(stream, scale));
      const { exponents, next, magnitudes, reissued } = issue(gradients, r, m);
      reissues += reissued ? 1 : 0;
      expect(fits(magnitudes, exponents, int32(m))).toBe(true);

      const exact = new Array<bigint>(layout.length).fill(0n);
      const quanta = new Int32Array(layout.length);
      for (const gradient of gradients) {
        quantise(gradient, exponents, layout, quanta);
        quanta.forEach((q, i) => (exact[i] += BigInt(q)));
      }
      for (let split = 0; split < 5; split++) {
        const workers = Array.from({ length: 1 + stream.integer(5) }, (): Float32Array[] => []);
        for (const gradient of gradients)
          workers[stream.integer(workers.length)].splice(stream.integer(3), 0, gradient);
        const total = new Int32Array(layout.length);
        for (const share of workers) addQuantised(total, sumOf(share, exponents));
        expect(total.every((value, i) => BigInt(value) === exact[i])).toBe(true);
      }
      r = next;
    }
    // The first step, and the one that is a thousand times larger; a run that re-issued more would be slow.
    expect(reissues).toBe(2);
  });
});
