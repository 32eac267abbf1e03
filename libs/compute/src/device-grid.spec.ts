/**
 * Goal: what the device measures, rounds, sums and hashes has the bits of libs/codec. Method: the same vectors through both, on the
 * processor's device, with the ops that a card would run: layouts of odd sizes, sums of 1, 3 and 16 micro-batches, magnitudes of
 * every size that float32 has, exponents at both ends, subnormal numbers, zeros, what is not finite; a network's gradient, by
 * each path that a processor runs.
 */
import { RandomStream } from '@rocinante/base';
import {
  addQuantised,
  EXPONENT_LIMIT,
  fits,
  gridExponents,
  measureBlocks,
  QuantaHash,
  quantise,
  quantumLimit,
  type GridTerms,
} from '@rocinante/codec';
import { Engine } from '@rocinante/engine';
import { createLayout, type ParameterLayout } from '@rocinante/parameters';
import { describe, expect, it } from 'vitest';
import { DeviceGrid } from './device-grid.js';
import { Network } from './network.js';
import { chooseLstmPath } from './path-choice.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
const random = new RandomStream(1, 'simulation');
const LARGEST = 3.4028234663852886e38;

const layouts: Readonly<Record<string, ParameterLayout>> = {
  'odd sizes': createLayout([
    { name: 'a', shape: [3, 1025] },
    { name: 'b', shape: [1] },
    { name: 'c', shape: [1023] },
    { name: 'd', shape: [2, 512] },
    { name: 'e', shape: [7] },
  ]),
  'one element': createLayout([{ name: 'a', shape: [1] }]),
  'whole blocks': createLayout([
    { name: 'a', shape: [4, 1024] },
    { name: 'b', shape: [1024] },
  ]),
};

/** What one way makes of gradients on one grid. */
interface Made {
  readonly magnitudes: Float32Array[];
  readonly measures: { squaredNorm: number; finite: boolean }[];
  readonly hashes: number[];
  readonly sum: Int32Array;
}

function onHost(layout: ParameterLayout, gradients: readonly Float32Array[], exponents: Int8Array): Made {
  const [sum, quanta] = [new Int32Array(layout.length), new Int32Array(layout.length)];
  const magnitudes = gradients.map(() => new Float32Array(layout.blockCount));
  const hash = new QuantaHash(layout);
  return {
    magnitudes,
    measures: gradients.map((gradient, k) => measureBlocks(gradient, layout, magnitudes[k])),
    hashes: gradients.map((gradient) => {
      quantise(gradient, exponents, layout, quanta);
      addQuantised(sum, quanta);
      return hash.of(quanta);
    }),
    sum,
  };
}

function onDevice(layout: ParameterLayout, gradients: readonly Float32Array[], exponents: Int8Array): Made {
  const before = engine.liveHandles;
  const grid = new DeviceGrid(engine, layout);
  const made = engine.scope(() => {
    const magnitudes = gradients.map(() => new Float32Array(layout.blockCount));
    const vectors = gradients.map((gradient) =>
      grid.join(
        layout.tensors.map(({ offset, size, shape }) =>
          engine.float32(gradient.slice(offset, offset + size), shape),
        ),
      ),
    );
    const scales = grid.scalesOf(exponents);
    const quanta = vectors.map((vector) => grid.quantise(vector, scales));
    const sum = new Int32Array(layout.length);
    grid.readSum(
      quanta.slice(1).reduce((total, own) => grid.add(total, own), quanta[0]),
      sum,
    );
    return {
      magnitudes,
      measures: vectors.map((vector, k) => grid.readMeasure(grid.measure(vector), magnitudes[k])),
      hashes: quanta.map((own) => grid.readHash(grid.hash(own))),
      sum,
    };
  });
  grid.dispose();
  expect(engine.liveHandles).toBe(before);
  return made;
}

/** The bits of float32 numbers, so that zeros of two signs and NaNs compare. */
const bitsOf = (values: Float32Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.length);

function expectSame(device: Made, host: Made): void {
  expect(device.magnitudes.map(bitsOf)).toEqual(host.magnitudes.map(bitsOf));
  expect(device.measures.map(({ finite }) => finite)).toEqual(host.measures.map(({ finite }) => finite));
  for (const [k, { squaredNorm }] of device.measures.entries()) {
    // Added in another order.
    const expected = host.measures[k].squaredNorm;
    if (Number.isFinite(expected))
      expect(Math.abs(squaredNorm - expected)).toBeLessThanOrEqual(1e-13 * expected);
    else expect(squaredNorm).toBe(expected);
  }
  expect(device.hashes).toEqual(host.hashes);
  expect(device.sum).toEqual(host.sum);
}

/** A float32 of any sign and exponent from 2^low to 2^high. */
function anyFloat(low: number, high: number): number {
  const magnitude = (1 + random.uniform()) * 2 ** (low + random.integer(high - low + 1));
  return Math.fround(random.integer(2) === 0 ? magnitude : -magnitude);
}

const magnitudesOf = (layout: ParameterLayout, gradients: readonly Float32Array[]): Float32Array => {
  const largest = new Float32Array(layout.blockCount);
  for (const gradient of gradients) {
    const own = new Float32Array(layout.blockCount);
    measureBlocks(gradient, layout, own);
    for (const [block, value] of own.entries()) largest[block] = Math.max(largest[block], value);
  }
  return largest;
};

describe.each(Object.entries(layouts))('over a vector of %s', (_name, layout) => {
  it.each([1, 3, 16])('%i micro-batches have the sum, hashes and magnitudes of the host', (m) => {
    for (const [low, high] of [
      [-20, 2],
      [-149, 126],
      [-149, -120],
      [100, 126],
    ]) {
      const gradients = Array.from({ length: m }, () =>
        Float32Array.from({ length: layout.length }, () => anyFloat(low, high)),
      );
      const exponents = gridExponents(magnitudesOf(layout, gradients), {
        codec: 'int32-grid',
        microBatches: m,
      });
      expectSame(onDevice(layout, gradients, exponents), onHost(layout, gradients, exponents));
    }
  });

  it('zeros of both signs are zeros on the finest grid and on the coarsest', () => {
    const zeros = new Float32Array(layout.length).map((_, index) => (index % 2 === 0 ? 0 : -0));
    for (const exponent of [-EXPONENT_LIMIT, EXPONENT_LIMIT]) {
      const exponents = new Int8Array(layout.blockCount).fill(exponent);
      const device = onDevice(layout, [zeros], exponents);
      expectSame(device, onHost(layout, [zeros], exponents));
      expect(device.hashes).toEqual([0]);
    }
  });

  it.each([Infinity, -Infinity, NaN])('%s is noticed in its block, and is the norm', (value) => {
    for (const index of new Set([0, layout.length >> 1, layout.length - 1])) {
      const gradient = new Float32Array(layout.length).fill(1);
      gradient[index] = value;
      const grid = new DeviceGrid(engine, layout);
      const [device, host] = [new Float32Array(layout.blockCount), new Float32Array(layout.blockCount)];
      const measure = engine.scope(() => {
        const parts = layout.tensors.map(({ offset, size, shape }) =>
          engine.float32(gradient.slice(offset, offset + size), shape),
        );
        return grid.readMeasure(grid.measure(grid.join(parts)), device);
      });
      grid.dispose();
      expect(measure).toEqual(measureBlocks(gradient, layout, host));
      expect(measure.finite).toBe(false);
      expect(bitsOf(device)).toEqual(bitsOf(host));
    }
  });
});

describe('at the ends of float32', () => {
  const layout = layouts['odd sizes'];
  const vectorOf = (values: readonly number[]): Float32Array =>
    Float32Array.from({ length: layout.length }, (_, index) => values[index % values.length]);

  it('subnormal numbers are rounded on the finest grid, ties to even', () => {
    const gradient = vectorOf(
      [
        2 ** -149,
        2 ** -127,
        2 ** -127 + 2 ** -149,
        2 ** -126 - 2 ** -149,
        2 ** -126,
        1.5 * 2 ** -126,
      ].flatMap((value) => [value, -value]),
    );
    const exponents = new Int8Array(layout.blockCount).fill(-EXPONENT_LIMIT);
    const device = onDevice(layout, [gradient], exponents);
    expectSame(device, onHost(layout, [gradient], exponents));
    expect([...device.sum.subarray(0, 12)]).toEqual([0, 0, 0, 0, 1, -1, 1, -1, 1, -1, 2, -2]);
  });

  it('the largest numbers are rounded on the coarsest grid', () => {
    const gradient = vectorOf([LARGEST, -LARGEST, 2 ** 125, -(2 ** 125), 3 * 2 ** 125, 1]);
    const exponents = new Int8Array(layout.blockCount).fill(EXPONENT_LIMIT);
    const device = onDevice(layout, [gradient], exponents);
    expectSame(device, onHost(layout, [gradient], exponents));
    expect([...device.sum.subarray(0, 6)]).toEqual([4, -4, 0, 0, 2, 0]);
  });

  it.each([1, 2, 3, 16, 1024])('what just fits for M = %i stays exact in a sum of M', (m) => {
    const terms: GridTerms = { codec: 'int32-grid', microBatches: m };
    const limit = quantumLimit(terms);
    let largest = Math.fround(limit);
    if (largest > limit) largest = Math.fround(limit * (1 - 2 ** -24));
    const gradient = vectorOf([largest, -largest, 0.5, 1.5, -2.5]);
    const exponents = new Int8Array(layout.blockCount);
    expect(fits(magnitudesOf(layout, [gradient]), exponents, terms)).toBe(true);
    const gradients = new Array<Float32Array>(Math.min(m, 16)).fill(gradient);
    expectSame(onDevice(layout, gradients, exponents), onHost(layout, gradients, exponents));
  });
});

it('squares are added by halves, to the last bit', () => {
  const layout = layouts['odd sizes'];
  const gradient = Float32Array.from({ length: layout.length }, () => anyFloat(-20, 2));
  let expected = 0;
  for (let block = 0; block < layout.blockCount; block++) {
    const [start, end] = [layout.blockStarts[block], layout.blockStarts[block + 1]];
    const squares = new Float64Array(1024);
    for (let i = start; i < end; i++) squares[i - start] = gradient[i] * gradient[i];
    for (let half = 512; half >= 1; half /= 2) {
      for (let i = 0; i < half; i++) squares[i] += squares[i + half];
    }
    expected += squares[0];
  }
  const terms: GridTerms = { codec: 'int32-grid', microBatches: 1 };
  const exponents = gridExponents(magnitudesOf(layout, [gradient]), terms);
  expect(onDevice(layout, [gradient], exponents).measures[0].squaredNorm).toBe(expected);
});

describe.each(['plain', 'fused'] as const)('a network’s gradient by %s', (choice) => {
  const { path } = chooseLstmPath(engine, choice);

  it.each([
    ['embedding', 'every', [5, 3]],
    ['one-hot', 'last', [4]],
    ['scaled', 'every', [7, 2, 3]],
  ] as const)('with %s input and a loss on %s is the one that is read, bit for bit', (input, loss, units) => {
    const spec = networkOf({ input, loss, vocabularySize: 7 }, units, 0.5);
    const network = Network.create(engine, spec, { windowLength: 6, path });
    network.setParameters(randomParameters(network, 3, 0.5));
    const batch = randomBatch(spec, 6, 9, 4);
    const key = { seed: 1, step: 2, microBatch: 3 };
    const { layout } = network;
    const read = new Float32Array(layout.length);
    const { lossSum } = network.gradient(batch, key, read);

    const before = engine.liveHandles;
    const made = network.gradientOnDevice(batch, key);
    expect(engine.liveHandles).toBe(before + layout.tensors.length + 1);
    expect(made.sumLosses(engine.readFloat32(made.losses))).toBe(lossSum);
    const parts = made.tensors.map((tensor) => engine.readFloat32(tensor));
    for (const [index, { name, offset, size }] of layout.tensors.entries()) {
      expect(parts[index], name).toEqual(read.subarray(offset, offset + size));
    }
    engine.free(made.losses, ...made.tensors);
    expect(engine.liveHandles).toBe(before);
    network.dispose();
  });
});
