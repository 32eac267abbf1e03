// A gradient by a graph has the bits of one that is computed op by op, whatever differs from the micro-batch that left the graph.
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { afterEach, describe, expect, it } from 'vitest';
import type { DropoutKey } from './dropout.js';
import type { MicroBatch } from './micro-batch.js';
import { Network } from './network.js';
import type { FactorType } from './products.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

const engine = Engine.load();
const { description } = engine;
const windowLength = 7;
const keyOf = (step: number): DropoutKey => ({ seed: 2, step, microBatch: 3 });

function gradientOf(network: Network, batch: MicroBatch, key: DropoutKey | null): [Float32Array, number] {
  const out = new Float32Array(network.layout.length);
  const { lossSum } = network.gradient(batch, key, out);
  return [out, lossSum];
}

function pairOf(spec: NetworkSpec, factors: FactorType, T = windowLength): Record<'graph' | 'ops', Network> {
  const [graph, ops] = [true, false].map((graph) =>
    Network.create(engine, spec, { windowLength: T, factors, graph }),
  );
  for (const network of [graph, ops]) network.setParameters(randomParameters(network, 1, 0.5));
  return { graph, ops };
}

const { TMPDIR } = process.env;
afterEach(() => {
  Object.assign(engine, { description });
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

const CASES = (['scaled', 'one-hot', 'embedding'] as const).flatMap((input) =>
  (['last', 'every'] as const).flatMap((loss) =>
    (['float32', 'bfloat16', 'rounded'] as const).map((factors) => ({ input, loss, factors })),
  ),
);

describe.each(CASES)('$input, loss on $loss, factors $factors', ({ input, loss, factors }) => {
  const spec = {
    ...networkOf({ input, loss, vocabularySize: 13 }, [24, 16], 0.4),
    recurrentActivation: factors === 'rounded' ? ('hard-sigmoid' as const) : ('sigmoid' as const),
  };

  it('gives the bits of ops for other symbols, masks and parameters, and in between other sizes', () => {
    Object.assign(engine, { description: { ...description, multipliesBfloat16: factors === 'bfloat16' } });
    const before = engine.liveHandles;
    const { graph, ops } = pairOf(spec, factors === 'float32' ? 'float32' : 'bfloat16');
    for (let step = 0; step < 12; step++) {
      const windows = step % 5 === 4 ? 3 + step : 9;
      const batch = randomBatch(spec, windowLength, windows, step);
      const key = step === 7 ? null : keyOf(step);
      expect(gradientOf(graph, batch, key), `step ${step}`).toEqual(gradientOf(ops, batch, key));
      if (step % 3 === 2) {
        for (const network of [graph, ops]) network.setParameters(randomParameters(network, 10 + step, 0.5));
      }
    }
    expect([graph, ops].map(({ hasGraph, graphNotice }) => [hasGraph, graphNotice])).toEqual([
      [true, null],
      [false, null],
    ]);
    for (const network of [graph, ops]) network.dispose();
    expect(engine.liveHandles).toBe(before);
  });
});

describe('a network', () => {
  const spec = networkOf({ input: 'scaled', loss: 'every', vocabularySize: 5 }, [16, 16]);
  const batch = randomBatch(spec, windowLength, 8, 1);

  it('uses what was made of parameters before the first gradient in the graph too', () => {
    const { graph, ops } = pairOf(spec, 'bfloat16');
    const { tensors, losses } = graph.gradientOnDevice(batch, null);
    engine.free(...tensors, losses);
    for (const key of [keyOf(1), keyOf(2)])
      expect(gradientOf(graph, batch, key)).toEqual(gradientOf(ops, batch, key));
    expect(graph.hasGraph).toBe(true);
    for (const network of [graph, ops]) network.dispose();
  });

  it('that is too long for a graph is computed op by op', () => {
    const T = 300;
    const { graph, ops } = pairOf(spec, 'float32', T);
    const long = randomBatch(spec, T, 8, 1);
    for (const key of [keyOf(1), keyOf(2)])
      expect(gradientOf(graph, long, key)).toEqual(gradientOf(ops, long, key));
    expect([graph.hasGraph, graph.graphNotice]).toEqual([false, null]);
    for (const network of [graph, ops]) network.dispose();
  });

  it('says why it has no graph where TensorFlow’s file cannot be written, and computes op by op', () => {
    const before = engine.liveHandles;
    const { graph, ops } = pairOf(spec, 'float32');
    process.env.TMPDIR = '/nonexistent';
    for (const key of [keyOf(1), keyOf(2)])
      expect(gradientOf(graph, batch, key)).toEqual(gradientOf(ops, batch, key));
    expect(graph.hasGraph).toBe(false);
    expect(graph.graphNotice).toMatch(/TensorFlow op graph: ENOENT.*nonexistent/);
    for (const network of [graph, ops]) network.dispose();
    expect(engine.liveHandles).toBe(before);
  });
});
