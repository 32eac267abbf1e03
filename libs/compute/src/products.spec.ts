// Each kind of products against float64, and against each other; sizes on both sides of those at which pieces are cut.
import { RandomStream } from '@rocinante/base';
import { DataType, Engine, type Tensor } from '@rocinante/engine';
import { describe, expect, it, vi } from 'vitest';
import { Bfloat16Products } from './bfloat16-products.js';
import { Float32Products } from './float32-products.js';
import type { LayerWeights } from './network-weights.js';
import { createProducts, type Products } from './products.js';
import { RoundedProducts } from './rounded-products.js';

const engine = Engine.load();

/** Numbers in [−1, 1] that bfloat16 holds exactly, so that factors are the same whoever makes them. */
function numbers(length: number, stream: number): Float32Array {
  const random = new RandomStream(3, 'simulation', stream);
  return Float32Array.from({ length }, () => (random.integer(257) - 128) / 128);
}

/** In float64, and the sum of the terms' magnitudes, which bounds what rounding can do. */
function expectedProduct(
  a: Float32Array,
  b: Float32Array,
  [M, K, N]: readonly [number, number, number],
  at: (m: number, k: number) => number,
): { values: Float64Array; magnitudes: Float64Array } {
  const values = new Float64Array(M * N);
  const magnitudes = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let k = 0; k < K; k++)
      for (let n = 0; n < N; n++) {
        const term = a[at(m, k)] * b[k * N + n];
        values[m * N + n] += term;
        magnitudes[m * N + n] += Math.abs(term);
      }
  return { values, magnitudes };
}

/**
 * How far a product may be off: float32's sums, in parts of the magnitudes that were added; and of its own value half a step of
 * bfloat16's 8 bits, where it was rounded to that.
 */
const KINDS: readonly {
  readonly name: string;
  readonly products: Products;
  readonly ofValue: number;
}[] = [
  { name: 'float32', products: new Float32Products(engine), ofValue: 0 },
  { name: 'bfloat16, by instructions or emulated', products: new Bfloat16Products(engine), ofValue: 2 ** -8 },
  { name: 'bfloat16, rounded', products: new RoundedProducts(engine), ofValue: 0 },
];
const OF_MAGNITUDES = 1e-6;

/** A layer with a kernel, and what is made of it. */
function layerOf(kernel: Float32Array, shape: readonly number[]): LayerWeights {
  const made = new Map<string, Tensor>();
  return {
    kernel_I4H: engine.float32(kernel, shape),
    derived: (name: string, make: () => Tensor) => {
      if (!made.has(name)) made.set(name, engine.keep(make()));
      return made.get(name)!;
    },
  } as unknown as LayerWeights;
}

function expectNear(
  received: Tensor,
  { values, magnitudes }: ReturnType<typeof expectedProduct>,
  ofValue: number,
): void {
  const read = engine.readFloat32(received);
  expect(read).toHaveLength(values.length);
  const worst = values.reduce((most, value, index) => {
    const allowed = OF_MAGNITUDES * magnitudes[index] + ofValue * Math.abs(value);
    return Math.max(most, Math.abs(read[index] - value) / (allowed + 1e-30));
  }, 0);
  expect(worst).toBeLessThanOrEqual(1.001);
}

describe.each(KINDS)('products of $name', ({ products, ofValue }) => {
  it.each([
    [8, 5, 4],
    [32, 64, 128],
    [50, 33, 20],
    [9, 2100, 16],
    [66, 1021, 800],
  ])('with weights: [%i, %i] by [%i columns], rough and whole', (M, K, N) => {
    const [a, b] = [numbers(M * K, 1), numbers(K * N, 2)];
    engine.scope(() => {
      const layer = layerOf(b, [K, N]);
      const factor = products.factor(engine.float32(a, [M, K]));
      const made = products.times(factor, layer, 'kernel_I4H');
      expect(made).toMatchObject({ shape: [M, N], dtype: DataType.float32 });
      const expected = expectedProduct(a, b, [M, K, N], (m, k) => m * K + k);
      expectNear(made, expected, ofValue);
      const rough = products.float32Of(products.roughTimes(factor, layer, 'kernel_I4H'));
      expect(engine.readFloat32(rough)).toEqual(engine.readFloat32(made));
    });
  });

  it.each([
    [8, 4, 5],
    [32, 128, 64],
    [9, 2048, 33],
    [9, 4096, 16],
  ])('with weights transposed: [%i, %i] by [%i columns]', (M, K, N) => {
    const [a, w] = [numbers(M * K, 1), numbers(K * N, 2)];
    engine.scope(() => {
      const layer = layerOf(w, [N, K]);
      const factor = products.factor(engine.float32(a, [M, K]));
      const made = products.timesTransposed(factor, layer, 'kernel_I4H');
      expect(made).toMatchObject({ shape: [M, N], dtype: DataType.float32 });
      const turned = Float32Array.from(w, (_, at) => w[(at % N) * K + Math.floor(at / N)]);
      expectNear(
        made,
        expectedProduct(a, turned, [M, K, N], (m, k) => m * K + k),
        ofValue,
      );
    });
  });

  it.each([
    [8, 5, 3],
    [300, 1, 12],
    [300, 64, 48],
    [2500, 17, 8],
  ])('transposed, over %i rows of %i, by %i columns', (N, M, C) => {
    const [a, d] = [numbers(N * M, 3), numbers(N * C, 4)];
    engine.scope(() => {
      const made = products.transposedProduct(
        products.factor(engine.float32(a, [N, M])),
        products.factor(engine.float32(d, [N, C])),
      );
      expect(made).toMatchObject({ shape: [M, C], dtype: DataType.float32 });
      const expected = expectedProduct(a, d, [M, N, C], (m, n) => n * M + m);
      expectNear(made, expected, ofValue);
    });
  });

  it('what is made of weights is made once', () => {
    engine.scope(() => {
      const layer = layerOf(numbers(8 * 16, 2), [8, 16]);
      const [a, d] = [numbers(8 * 8, 1), numbers(8 * 16, 3)].map((values) =>
        products.factor(engine.float32(values, [8, values.length / 8])),
      );
      const multiply = (): void => {
        products.times(a, layer, 'kernel_I4H');
        products.timesTransposed(d, layer, 'kernel_I4H');
      };
      engine.scope(multiply);
      const made = engine.liveHandles;
      engine.scope(multiply);
      expect(engine.liveHandles).toBe(made);
    });
  });
});

describe('factors', () => {
  /** Between 1 and the next number of bfloat16, 1 + 1/128: below, on and above the middle; and the middle above that. */
  const values = Float32Array.of(1 + 1 / 512, 1 + 1 / 256, 1 + 1.5 / 256, 1 + 3 / 256, -1e-30, 3e38);

  it.each([
    ['bfloat16', new Bfloat16Products(engine)],
    ['rounded', new RoundedProducts(engine)],
  ] as const)('are rounded to bfloat16, ties to even: %s', (_name, products) => {
    engine.scope(() => {
      const factor = products.factor(engine.float32(values, [1, values.length]));
      const [below, middle, above, next, small, large] = engine.readFloat32(products.float32Of(factor));
      expect([below, middle, above, next]).toEqual([1, 1, 1 + 1 / 128, 1 + 2 / 128]);
      for (const [index, value] of [small, large].entries())
        expect(Math.abs(value / values[4 + index] - 1)).toBeLessThan(2 ** -8);
    });
  });

  it('of float32 are the matrices themselves', () => {
    engine.scope(() => {
      const products = createProducts(engine, 'float32');
      const matrix = engine.float32(values, [1, values.length]);
      expect(products.factor(matrix)).toBe(matrix);
      expect(products.float32Of(matrix)).toBe(matrix);
    });
  });

  it('are multiplied by instructions where the engine has them, else rounded', () => {
    const { description } = engine;
    try {
      for (const multipliesBfloat16 of [true, false]) {
        Object.assign(engine, { description: { ...description, multipliesBfloat16 } });
        const kind = multipliesBfloat16 ? Bfloat16Products : RoundedProducts;
        expect(createProducts(engine, 'bfloat16')).toBeInstanceOf(kind);
      }
    } finally {
      Object.assign(engine, { description });
    }
  });
});

it('a long inner dimension is cut into as few pieces as can be, also one that nothing divides', () => {
  const ops = vi.spyOn(engine, 'execute');
  engine.scope(() => {
    const layer = layerOf(numbers(1021 * 800, 2), [1021, 800]);
    new Float32Products(engine).times(engine.float32(numbers(66 * 1021, 1), [66, 1021]), layer, 'kernel_I4H');
  });
  // Twice that where rows are cut too, without AVX-512.
  expect(ops.mock.calls.filter(([name]) => name === 'MatMul').length).toBeLessThanOrEqual(4);
  ops.mockRestore();
});
