// Goal: a micro-batch asks little of a card, computes there what it computes on a processor, and leaves nothing behind.
// Method: the engine says that it is on a card, and what it is asked for is counted; ops run on the processor, cuDNN's are zeros.
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { afterEach, describe, expect, it } from 'vitest';
import { countMicroBatch } from './card-count.js';
import { product, sumOfRows, transposedProduct } from './float32-products.js';
import type { LstmPathName } from './lstm-path.js';
import { Network } from './network.js';
import { PretendedCard, type CardCount } from './pretended-card.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
/** What is counted does not follow from it. */
const units = 16;

let card: PretendedCard | undefined;
afterEach(() => {
  card?.end();
  card = undefined;
});

describe('a micro-batch', () => {
  it.each<[LstmPathName, Partial<CardCount>]>([
    ['cudnn', { ops: 97, products: 3 }],
    ['cudnn-batch-major', { ops: 111, products: 3 }],
    ['fused', { ops: 1_037, products: 307 }],
    ['plain', { ops: 4_609, products: 606 }],
  ])('by %s copies its symbols, labels and shares to the card, before all else', (path, bounds) => {
    const counted = countMicroBatch(engine, path, { windows: 64, units, input: 'one-hot', loss: 'every' });
    expect(counted.ops).toBeLessThanOrEqual(bounds.ops!);
    expect(counted.products).toBeLessThanOrEqual(bounds.products!);
    // 6,400 positions, 4 bytes each.
    expect(counted).toMatchObject({ uploads: 3, uploadedBytes: 3 * 4 * 6_400, opsBeforeLastUpload: 2 });
  });

  it('in mixed precision asks a card for sixty times what it is asked for by cuDNN', () => {
    const mixed = countMicroBatch(engine, 'plain', { windows: 64, units, factors: 'bfloat16' });
    const float32 = countMicroBatch(engine, 'cudnn', { windows: 64, units });
    expect(mixed.ops).toBeLessThanOrEqual(5_915);
    expect(float32.ops).toBeLessThanOrEqual(100);
    expect(() => countMicroBatch(engine, 'cudnn', { windows: 64, units, factors: 'bfloat16' })).toThrow(
      'its products are of bfloat16 factors',
    );
  });

  it.each(['scaled', 'one-hot', 'embedding'] as const)('asks for no more where it is larger: %s', (input) => {
    const [few, more, many] = [64, 256, 1024].map((windows) =>
      countMicroBatch(engine, 'cudnn', { windows, units, input, loss: 'every' }),
    );
    const { uploadedBytes, ...asked } = few;
    expect(more).toEqual({ ...asked, uploadedBytes: 4 * uploadedBytes });
    expect(many).toEqual({ ...asked, uploadedBytes: 16 * uploadedBytes });
    expect(uploadedBytes).toBe(3 * 4 * 6_400);
  });

  it('leaves what the engine keeps, and of a network nothing', () => {
    const count = (): CardCount => countMicroBatch(engine, 'cudnn', { windows: 8, units });
    count();
    const handles = engine.liveHandles;
    count();
    expect(engine.liveHandles).toBe(handles);
  });

  it('makes a network’s constants once, whatever its parameters', () => {
    card = new PretendedCard(engine);
    const spec = networkOf({ input: 'scaled', loss: 'last', vocabularySize: 9 }, [8, 8], 0.3);
    const before = engine.liveHandles;
    const network = Network.create(engine, spec, { windowLength: 5 });
    const levels = [1, 2, 3].map((seed) => {
      network.setParameters(randomParameters(network, seed, 0.1));
      const { tensors, losses } = network.gradientOnDevice(randomBatch(spec, 5, 8, seed), {
        seed,
        step: seed,
        microBatch: 0,
      });
      engine.free(losses, ...tensors);
      return engine.liveHandles;
    });
    expect(new Set(levels).size).toBe(1);
    network.dispose();
    // The engine's scalars, 0 and 1 at most, where no test before has asked for them.
    expect(engine.liveHandles - before).toBeLessThanOrEqual(2);
  });
});

describe('on a card', () => {
  it('a product of any shape is one, and a sum of rows none', () => {
    card = new PretendedCard(engine);
    engine.scope(() => {
      const ones = (rows: number, columns: number) =>
        engine.float32(new Float32Array(rows * columns).fill(1), [rows, columns]);
      const [a, b, d] = [ones(5_000, 3), ones(3, 1_024), ones(5_000, 7)];
      const long = [ones(70, 5_000), ones(5_000, 800)] as const;
      const { products, ops, uploads } = card!.count(() => {
        const all = (expected: number, tensor: Parameters<Engine['readFloat32']>[0]): void => {
          expect(new Set(engine.readFloat32(tensor))).toEqual(new Set([expected]));
        };
        all(3, product(engine, a, b));
        all(5_000, product(engine, ...long));
        all(5_000, transposedProduct(engine, a, d));
        all(5_000, sumOfRows(engine, d));
      });
      expect({ products, ops, uploads }).toEqual({ products: 3, ops: 4, uploads: 0 });
    });
  });

  const networks: readonly NetworkSpec[] = [
    networkOf({ input: 'scaled', loss: 'last', vocabularySize: 9 }, [24, 16], 0.3),
    networkOf({ input: 'one-hot', loss: 'every', vocabularySize: 9 }, [8], 0.5),
    networkOf({ input: 'embedding', loss: 'every', vocabularySize: 9 }, [8, 12]),
    networkOf(
      { input: 'one-hot', loss: 'every', vocabularySize: 9, recurrentActivation: 'hard-sigmoid' },
      [8, 12],
      0.5,
    ),
  ];
  // 400 windows of 6: the inner dimension of 2,400 is cut on a processor.
  it.each(networks)(
    '$input, $recurrentActivation, loss on $loss: the processor’s gradient but for rounding',
    (spec) => {
      const compute = (): { lossSum: number; gradient: Float32Array } => {
        const network = Network.create(engine, spec, { windowLength: 6 });
        network.setParameters(randomParameters(network, 1, 0.4));
        const gradient = new Float32Array(network.layout.length);
        const key = { seed: 1, step: 2, microBatch: 3 };
        const { lossSum } = network.gradient(randomBatch(spec, 6, 400, 1), key, gradient);
        network.dispose();
        return { lossSum, gradient };
      };
      const expected = compute();
      card = new PretendedCard(engine);
      const received = compute();
      expect(Math.abs(received.lossSum / expected.lossSum - 1)).toBeLessThan(1e-6);
      const largest = Math.max(...expected.gradient.map(Math.abs));
      const errors = expected.gradient.map((value, index) => Math.abs(value - received.gradient[index]));
      expect(Math.max(...errors) / largest).toBeLessThan(1e-5);
    },
  );
});
