// Gradients of bfloat16 factors against float32's: as near as 8 bits let them be, and nothing else differs.
import { Engine } from '@rocinante/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { FusedPath } from './fused-path.js';
import { freeStates } from './layer-stack.js';
import { Network } from './network.js';
import type { FactorType } from './products.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
const { description } = engine;
const windowLength = 12;
const key = { seed: 5, step: 2, microBatch: 1 };

const CASES = (['scaled', 'one-hot', 'embedding'] as const).flatMap((input) =>
  (['last', 'every'] as const).flatMap((loss) =>
    [true, false].map((byInstructions) => ({ input, loss, byInstructions })),
  ),
);

/**
 * In parts of a tensor's largest: a factor is off by 2^-8 of itself at most, as is a product. They add up as a random walk over layers
 * and positions; the worst here is 0.01. A wrong term is off by a tenth and more.
 */
const TOLERANCE = 0.03;

afterEach(() => void Object.assign(engine, { description }));

function describeAs(multipliesBfloat16: boolean): void {
  Object.assign(engine, { description: { ...description, multipliesBfloat16 } });
}

describe.each(CASES)('$input, loss on $loss, by instructions: $byInstructions', (item) => {
  const { input, loss, byInstructions } = item;
  const spec = networkOf({ input, loss, vocabularySize: 13 }, [24, 16], 0.4);
  const batch = randomBatch(spec, windowLength, 9, 1);

  function resultsOf(factors: FactorType | undefined): {
    gradient: Float32Array;
    losses: number[];
    network: Network;
  } {
    const network = Network.create(engine, spec, { windowLength, factors });
    network.setParameters(randomParameters(network, 4, 0.5));
    const gradient = new Float32Array(network.layout.length);
    const { lossSum } = network.gradient(batch, key, gradient);
    const { logits, states } = network.advance(batch.symbols.subarray(0, windowLength));
    freeStates(engine, states);
    const streams = { symbols: [batch.symbols], primed: 3 };
    const read = loss === 'every' ? network.evaluateStreams(streams)!.lossSum : 0;
    return { gradient, losses: [lossSum, network.evaluate(batch).lossSum, read, ...logits], network };
  }

  it('gives float32’s gradient to 8 bits, and its bits where nothing goes back', () => {
    describeAs(byInstructions);
    const before = engine.liveHandles;
    const [exact, mixed] = [resultsOf(undefined), resultsOf('bfloat16')];
    for (const { name, offset, size } of exact.network.layout.tensors) {
      const [expected, received] = [exact, mixed].map(({ gradient }) =>
        gradient.subarray(offset, offset + size),
      );
      const largest = Math.max(...expected.map(Math.abs));
      const error = Math.max(...expected.map((value, at) => Math.abs(value - received[at])));
      expect(error / largest, name).toBeLessThan(TOLERANCE);
      expect(error, name).toBeGreaterThan(0);
    }
    const [trained, ...others] = mixed.losses;
    expect(trained).not.toBe(exact.losses[0]);
    expect(Math.abs(trained / exact.losses[0] - 1)).toBeLessThan(0.005);
    expect(others).toEqual(exact.losses.slice(1));
    for (const { network } of [exact, mixed]) network.dispose();
    expect(engine.liveHandles).toBe(before);
  });
});

describe('a network of bfloat16 factors', () => {
  it('is computed by plain, whatever path is given', () => {
    const spec = networkOf({ input: 'one-hot', loss: 'last', vocabularySize: 5 }, [4]);
    const path = new FusedPath(engine);
    expect(Network.create(engine, spec, { windowLength, path }).path).toBe(path);
    expect(Network.create(engine, spec, { windowLength, path, factors: 'bfloat16' }).path.name).toBe('plain');
  });

  it('takes new parameters, and with them new factors', () => {
    const spec = networkOf({ input: 'embedding', loss: 'every', vocabularySize: 5 }, [16, 16]);
    const batch = randomBatch(spec, windowLength, 8, 1);
    const gradients = [1, 2, 1].map(() => new Float32Array(0));
    const network = Network.create(engine, spec, { windowLength, factors: 'bfloat16' });
    for (const [index, seed] of [1, 2, 1].entries()) {
      network.setParameters(randomParameters(network, seed, 0.5));
      gradients[index] = new Float32Array(network.layout.length);
      network.gradient(batch, null, gradients[index]);
    }
    expect(gradients[2]).toEqual(gradients[0]);
    expect(gradients[1]).not.toEqual(gradients[0]);
    network.dispose();
  });
});
