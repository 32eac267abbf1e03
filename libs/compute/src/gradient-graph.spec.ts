// A gradient by a graph has the bits of one that is computed op by op, whatever differs from the micro-batch that left the graph.
import { addAll, Engine, EngineMemoryError } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DropoutKey } from './dropout.js';
import type { MicroBatch } from './micro-batch.js';
import { Network } from './network.js';
import type { FactorType } from './products.js';
import type { GraphLimits } from './gradient-graph.js';
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

/** However slow the machine is. */
const always = (windows: number): GraphLimits => ({ windows, secondsMax: Infinity });

function pairOf(
  spec: NetworkSpec,
  factors: FactorType,
  limits: GraphLimits,
  T = windowLength,
): Record<'graph' | 'ops', Network> {
  const [graph, ops] = [limits, undefined].map((graph) =>
    Network.create(engine, spec, { windowLength: T, factors, graph }),
  );
  for (const network of [graph, ops]) network.setParameters(randomParameters(network, 1, 0.5));
  return { graph, ops };
}

const { TMPDIR } = process.env;
afterEach(() => {
  vi.restoreAllMocks();
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
    const { graph, ops } = pairOf(spec, factors === 'float32' ? 'float32' : 'bfloat16', always(9));
    for (let step = 0; step < 12; step++) {
      // Another size comes first: an epoch's last.
      const windows = step % 5 === 0 ? 3 + step : 9;
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
    const { graph, ops } = pairOf(spec, 'bfloat16', always(8));
    const { tensors, losses } = graph.gradientOnDevice(batch, null);
    engine.free(...tensors, losses);
    for (const key of [keyOf(1), keyOf(2)])
      expect(gradientOf(graph, batch, key)).toEqual(gradientOf(ops, batch, key));
    expect(graph.hasGraph).toBe(true);
    for (const network of [graph, ops]) network.dispose();
  });

  /** Two gradients in both ways, from which nothing is left; gives why there was no graph for the second. */
  function noticeOf(limits: GraphLimits, T = windowLength): string | null {
    const before = [engine.liveHandles, engine.liveGraphs];
    const { graph, ops } = pairOf(spec, 'float32', limits, T);
    const windows = randomBatch(spec, T, 8, 1);
    for (const key of [keyOf(1), keyOf(2)])
      expect(gradientOf(graph, windows, key)).toEqual(gradientOf(ops, windows, key));
    expect([graph.hasGraph, engine.liveGraphs]).toEqual([false, before[1]]);
    const { graphNotice } = graph;
    for (const network of [graph, ops]) network.dispose();
    expect([engine.liveHandles, engine.liveGraphs]).toEqual(before);
    return graphNotice;
  }

  it('that is too long for a graph is computed op by op, and says so', () => {
    expect(noticeOf(always(8), 300)).toBe('a graph of it would have 10,000 nodes or more');
  });

  it('has no graph where a gradient takes too long, and says so', () => {
    expect(noticeOf({ windows: 8, secondsMax: 0 })).toMatch(
      /^one took \d+\.\d s, and a graph, which nothing can interrupt, is made where it takes less than 0 s$/,
    );
  });

  it('says why it has no graph where TensorFlow’s file cannot be written, and computes op by op', () => {
    process.env.TMPDIR = '/nonexistent';
    expect(noticeOf(always(8))).toMatch(
      /^a graph's file: ENOENT.*nonexistent.*; set TMPDIR to a folder that can be written to$/,
    );
  });

  it('uses no graph that gives another bit in any one tensor', () => {
    const run = engine.runGraph.bind(engine);
    for (let changed = 0; changed < 9; changed++) {
      vi.spyOn(engine, 'runGraph').mockImplementation((...args) =>
        run(...args).map((tensor, index) => (index === changed ? addAll(engine, [tensor, tensor]) : tensor)),
      );
      expect(noticeOf(always(8)), `tensor ${changed}`).toMatch(/as a graph with other bits than op by op/);
      vi.restoreAllMocks();
    }
  });

  it('uses no graph for which there is not the memory', () => {
    vi.spyOn(engine, 'runGraph').mockImplementation(() => {
      throw new EngineMemoryError('graph', new Error('OOM when allocating'));
    });
    expect(noticeOf(always(8))).toBe('there is not the memory to run one as a graph');
  });

  it('makes no graph of another size, or for a card', () => {
    expect(noticeOf(always(9))).toBeNull();
    Object.assign(engine, { description: { ...description, device: 'gpu' } });
    // What the engine keeps for good on a card is there before handles are counted.
    for (const value of [0, 1] as const) engine.scalar(value);
    expect(noticeOf(always(8))).toBeNull();
  });

  it('frees its graph with itself', () => {
    const before = [engine.liveHandles, engine.liveGraphs];
    const { graph, ops } = pairOf(spec, 'float32', always(8));
    gradientOf(graph, batch, keyOf(1));
    expect([graph.hasGraph, engine.liveGraphs]).toEqual([true, before[1] + 1]);
    for (const network of [graph, ops]) network.dispose();
    expect([engine.liveHandles, engine.liveGraphs]).toEqual(before);
  });
});
