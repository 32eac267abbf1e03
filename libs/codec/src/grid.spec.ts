/**
 * Goal: the grid's rules, each alone, and the promise that they make together: a step that did not fit its grid always
 * fits the next one. Method: values at and just beyond each border, and seeded random magnitudes over float32's range.
 */
import { AssertionError, RandomStream } from '@rocinante/base';
import { createLayout } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import { fits, gridExponents, gridStep, maxMagnitudes, nextMagnitudes, quantumLimit } from './grid.js';
import { int16, int32 } from './spec-terms.js';

const ALL_M = Array.from({ length: 1024 }, (_, index) => index + 1);
const floats = (...values: number[]): Float32Array<ArrayBuffer> => Float32Array.from(values);

/** A float32 of any exponent, subnormal ones too. */
function anyMagnitude(stream: RandomStream): number {
  return Math.fround((1 + stream.uniform()) * 2 ** (stream.integer(276) - 149));
}

describe('quantumLimit', () => {
  it('keeps the sum of M within int32, and would not with one more', () => {
    for (const m of ALL_M) {
      expect(quantumLimit(int32(m)) * m).toBeLessThanOrEqual(2 ** 31 - 1);
      expect((quantumLimit(int32(m)) + 1) * m).toBeGreaterThan(2 ** 31 - 1);
    }
  });

  it.each([0, 1025, 1.5, NaN])('refuses %s micro-batches', (m) => {
    expect(() => quantumLimit(int32(m))).toThrow(AssertionError);
  });
});

describe('the grid of int16', () => {
  const allM = ALL_M.slice(0, 32);

  it('keeps the sum of M within int16, and would not with one more', () => {
    for (const m of allM) {
      expect(quantumLimit(int16(m)) * m).toBeLessThanOrEqual(2 ** 15 - 1);
      expect((quantumLimit(int16(m)) + 1) * m).toBeGreaterThan(2 ** 15 - 1);
    }
  });

  it('is 16 bits coarser, so that a magnitude may grow as far as on the other before it does not fit', () => {
    for (const m of allM) {
      const r = floats(1, 1.99, 2, 0.75, 2 ** 100, 1e-3);
      const exponents = gridExponents(r, int16(m));
      expect([...exponents]).toEqual([...gridExponents(r, int32(m))].map((exponent) => exponent + 16));
    }
    for (const m of [1, 2, 4, 8, 16, 32]) {
      const exponents = gridExponents(floats(1.99), int16(m));
      expect(fits(floats(7.9), exponents, int16(m))).toBe(true);
      expect(fits(floats(16), exponents, int16(m))).toBe(false);
    }
  });

  it.each([0, 33])('refuses %s micro-batches', (m) => {
    expect(() => quantumLimit(int16(m))).toThrow(`1 to 32 micro-batches, not ${m}`);
  });
});

describe('gridExponents', () => {
  it('is exponent(r) + ceil(log2 M) − 27', () => {
    const r = floats(1, 1.99, 2, 0.75, 2 ** 127, 1e-3);
    const exponents = [0, 0, 1, -1, 127, -10];
    expect([...gridExponents(r, int32(1))]).toEqual(exponents.map((exponent) => exponent - 27));
    expect([...gridExponents(r, int32(2))]).toEqual(exponents.map((exponent) => exponent + 1 - 27));
    for (const m of ALL_M) {
      // The reference way; exact here, for no integer below 1,024 has a logarithm that rounds across an integer.
      expect(gridExponents(floats(1), int32(m))[0]).toBe(Math.ceil(Math.log2(m)) - 27);
    }
  });

  it('gives the finest grid to zero, to subnormal numbers, and to what would lie below it', () => {
    const r = floats(0, 2 ** -149, 2 ** -127, 2 ** -126, 2 ** -99, 2 ** -98);
    expect([...gridExponents(r, int32(1))]).toEqual([-126, -126, -126, -126, -126, -125]);
    expect([...gridExponents(r, int32(1024))]).toEqual([-126, -126, -126, -126, -116, -115]);
  });

  it('reads a view that does not begin at its memory, and writes where it is told', () => {
    const out = new Int8Array(2);
    expect(gridExponents(floats(5, 1, 4, 5).subarray(1, 3), int32(1), out)).toBe(out);
    expect([...out]).toEqual([-27, -25]);
  });
});

describe('fits', () => {
  it('accepts the limit and refuses one quantum more, for every M', () => {
    for (const m of ALL_M.filter((m) => quantumLimit(int32(m)) < 2 ** 24)) {
      // Below 2^24 every integer is a float32.
      expect(fits(floats(quantumLimit(int32(m))), Int8Array.of(0), int32(m))).toBe(true);
      expect(fits(floats(quantumLimit(int32(m)) + 1), Int8Array.of(0), int32(m))).toBe(false);
      // Half a quantum beyond rounds to even: down for an even limit, up for an odd one.
      const half = (quantumLimit(int32(m)) + 0.5) * 2 ** -20;
      if (Math.fround(half) === half) {
        expect(fits(floats(half), Int8Array.of(-20), int32(m))).toBe(quantumLimit(int32(m)) % 2 === 0);
      }
    }
    expect(fits(floats(2 ** 31 - 128), Int8Array.of(0), int32(1))).toBe(true);
    expect(fits(floats(2 ** 31), Int8Array.of(0), int32(1))).toBe(false);
  });

  it('needs every block to fit', () => {
    expect(fits(floats(1, 1, 1), Int8Array.of(0, 0, 0), int32(8))).toBe(true);
    expect(fits(floats(1, 1, 1), Int8Array.of(0, -30, 0), int32(8))).toBe(false);
  });

  it.each([Infinity, NaN])('refuses %s on the coarsest grid too', (magnitude) => {
    expect(fits(floats(magnitude), Int8Array.of(126), int32(1))).toBe(false);
  });

  it('refuses the largest float on the finest grid, where its quantum is far beyond any integer', () => {
    expect(fits(floats(3.4028234e38), Int8Array.of(-126), int32(1))).toBe(false);
  });
});

describe('the grid of r(s)', () => {
  it('always fits the magnitudes of s, whatever r(s−1) was: a second issue fits', () => {
    const stream = new RandomStream(1, 'simulation');
    const layout = createLayout([
      { name: 'a', shape: [5000] },
      { name: 'b', shape: [3] },
    ]);
    for (let round = 0; round < 2000; round++) {
      const m = 1 + stream.integer(1024);
      const step = Float32Array.from({ length: layout.blockCount }, () => anyMagnitude(stream));
      const previous = Float32Array.from({ length: layout.blockCount }, () => anyMagnitude(stream));
      const r = nextMagnitudes(previous, step, layout);
      expect(fits(step, gridExponents(r, int32(m)), int32(m))).toBe(true);
      expect(fits(step, gridExponents(step, int32(m)), int32(m))).toBe(true);
    }
  });

  it('never fits a first step that holds a gradient, nor refuses one that is all zero', () => {
    const first = gridExponents(new Float32Array(2), int32(8));
    expect(fits(floats(0, 1e-12), first, int32(8))).toBe(false);
    expect(fits(floats(0, 0), first, int32(8))).toBe(true);
  });

  it('leaves room for a block to grow eightfold before a misfit', () => {
    for (const m of [1, 2, 4, 8, 1024]) {
      const exponents = gridExponents(floats(1.99), int32(m));
      expect(fits(floats(7.9), exponents, int32(m))).toBe(true);
      expect(fits(floats(16), exponents, int32(m))).toBe(false);
    }
  });

  it('keeps 25 bits below the largest value for M = 8, one fewer for each doubling', () => {
    expect(1 / gridStep(gridExponents(floats(1), int32(8))[0])).toBe(2 ** 24);
    expect(1.99 / gridStep(gridExponents(floats(1.99), int32(8))[0])).toBeGreaterThan(2 ** 24.9);
    expect(1 / gridStep(gridExponents(floats(1), int32(16))[0])).toBe(2 ** 23);
  });
});

describe('nextMagnitudes', () => {
  const layout = createLayout([
    { name: 'embedding', shape: [3 * 1024] },
    { name: 'dense', shape: [1024] },
  ]);

  it('takes the largest of the step, half of the last, and an eighth of the tensor', () => {
    const previous = floats(8, 0, 1, 0);
    const step = floats(3, 64, 0, 0);
    expect([...nextMagnitudes(previous, step, layout)]).toEqual([8, 64, 8, 0]);
  });

  it('follows each of its terms over four steps, to the bit', () => {
    // By hand, of a tensor of three blocks: in each row the three blocks are decided by what stands beside them.
    const table = [
      { step: [40, 1, 6], r: [40, 5, 6] }, // the step; 40 / 8; the step
      { step: [8, 2, 1], r: [20, 2.5, 3] }, // 40 / 2; 5 / 2; 6 / 2
      { step: [0, 24, 0], r: [10, 24, 3] }, // 20 / 2; the step; 24 / 8
      { step: [1, 0, 1.75], r: [5, 12, 1.75] }, // 10 / 2; 24 / 2; the step
    ];
    let r: Float32Array = new Float32Array(layout.blockCount);
    for (const { step, r: expected } of table) {
      r = nextMagnitudes(r, floats(...step, 0), layout);
      expect([...r]).toEqual([...expected, 0]);
    }
  });

  it('does not let a tensor raise another', () => {
    expect([...nextMagnitudes(floats(0, 0, 0, 0), floats(0, 6400, 0, 1), layout)]).toEqual([
      800, 6400, 800, 1,
    ]);
  });

  it('spares a re-issue when a rare row comes back after steps of zeros', () => {
    let r: Float32Array = new Float32Array(layout.blockCount);
    const common = floats(0.9, 1.1, 0, 0.1);
    for (let step = 0; step < 50; step++) r = nextMagnitudes(r, common, layout);
    const rare = floats(0.9, 1.1, 1.1, 0.1);
    expect(fits(rare, gridExponents(r, int32(8)), int32(8))).toBe(true);
    // Without the tensor's term the block's own r would be 0 by now, and nothing would fit.
    expect(fits(rare, gridExponents(floats(0.9, 1.1, 0, 0.1), int32(8)), int32(8))).toBe(false);
  });

  it('halves down to nothing through the subnormal numbers', () => {
    let r: Float32Array = floats(0, 0, 0, 1);
    for (let step = 0; step < 200; step++) r = nextMagnitudes(r, floats(0, 0, 0, 0), layout);
    expect(r[3]).toBe(0);
  });

  it('may write over the magnitudes of before', () => {
    const r = floats(8, 0, 1, 0);
    expect(nextMagnitudes(r, floats(3, 64, 0, 0), layout, r)).toBe(r);
    expect([...r]).toEqual([8, 64, 8, 0]);
  });
});

describe('maxMagnitudes', () => {
  it('keeps the larger of each block', () => {
    const into = floats(1, 5, 0);
    maxMagnitudes(into, floats(2, 4, 0));
    expect([...into]).toEqual([2, 5, 0]);
  });
});

describe('gridStep', () => {
  it('is 2^e exactly over the whole range, as the bits of a float64 say', () => {
    const view = new DataView(new ArrayBuffer(8));
    for (let e = -126; e <= 126; e++) {
      view.setBigUint64(0, BigInt(e + 1023) << 52n);
      expect(gridStep(e)).toBe(view.getFloat64(0));
      expect(2 ** e).toBe(view.getFloat64(0));
    }
  });
});
