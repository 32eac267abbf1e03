// Goal: a stream's loss is that of its symbols, each seen after all before it, whatever is read beside it and in whatever
// stretches. Method: Keras's golden numbers in float64, and symbols fed one by one through `advance`.
import { readdirSync, readFileSync } from 'node:fs';
import { AssertionError, RandomStream } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { describe, expect, it } from 'vitest';
import { freeStates } from './layer-stack.js';
import { Network } from './network.js';
import { networkOf, randomParameters } from './random-network.js';

const engine = Engine.load();
const spec = networkOf({ input: 'embedding', loss: 'every', vocabularySize: 7 }, [6, 4], 0.4);

function createNetwork(windowLength: number): Network {
  const network = Network.create(engine, spec, { windowLength });
  network.setParameters(randomParameters(network, 4, 1));
  return network;
}

/** A text of so many symbols. */
function text(length: number, seed: number): Int32Array {
  const random = new RandomStream(seed, 'simulation');
  return Int32Array.from({ length }, () => random.integer(spec.vocabularySize));
}

function lossOf(windowLength: number, symbols: readonly Int32Array[], primed: number): number {
  const network = createNetwork(windowLength);
  const { lossSum } = network.evaluateStreams({ symbols, primed })!;
  network.dispose();
  return lossSum;
}

/** The loss of the symbols from `primed` on, from the logits after each symbol; in float64 from there. */
function plainLoss(network: Network, symbols: Int32Array, primed: number): number {
  let states: ReturnType<Network['advance']>['states'] = [];
  let sum = 0;
  symbols.subarray(0, -1).forEach((symbol, t) => {
    const next = network.advance(Int32Array.of(symbol), t === 0 ? undefined : states);
    freeStates(engine, states);
    states = next.states;
    const total = next.logits.reduce((all, logit) => all + Math.exp(logit), 0);
    if (t + 1 >= primed) sum += Math.log(total) - next.logits[symbols[t + 1]];
  });
  freeStates(engine, states);
  return sum;
}

describe('golden numbers', () => {
  const folder = new URL('../../../test/reference/golden/networks/', import.meta.url);
  const goldens = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Golden)
    .filter(({ network }) => network.loss === 'every');

  interface Golden {
    readonly network: NetworkSpec;
    readonly windowLength: number;
    readonly windows: number;
    readonly symbols: readonly number[];
    readonly lossSum: number;
    readonly tensors: readonly { readonly values: readonly number[] }[];
  }

  it('are those of windows that are read as streams, in stretches of any length', () => {
    expect(goldens.length).toBe(6);
    for (const { network: shape, windowLength: T, windows, ...golden } of goldens) {
      for (const stretch of [1, 2, 3, T, T + 1]) {
        const network = Network.create(engine, shape, { windowLength: stretch });
        network.setParameters(Float32Array.from(golden.tensors.flatMap(({ values }) => values)));
        const symbols = Array.from({ length: windows }, (_, window) =>
          Int32Array.from(golden.symbols.slice(window * (T + 1), (window + 1) * (T + 1))),
        );
        const { lossSum } = network.evaluateStreams({ symbols, primed: 1 })!;
        // The golden loss is a mean over a window's positions. The tolerance is that of golden.spec.ts.
        expect(Math.abs(lossSum / T - golden.lossSum) / golden.lossSum).toBeLessThan(1e-5);
        network.dispose();
      }
    }
  });
});

describe('streams', () => {
  const symbols = [31, 30, 31, 26].map((length, seed) => text(length, seed));

  it.each([1, 5, 25])('have the loss of their symbols behind the first %i, one by one', (primed) => {
    const network = createNetwork(5);
    const { lossSum } = network.evaluateStreams({ symbols, primed })!;
    const expected = symbols.map((stream) => plainLoss(network, stream, primed));
    // Some hundred float32 losses of about 2 nats, each rounded a few times.
    expect(lossSum / expected.reduce((sum, loss) => sum + loss, 0)).toBeCloseTo(1, 6);
    network.dispose();
  });

  it('have the same loss in one stretch and in many', () => {
    const whole = lossOf(100, symbols, 5);
    // The same bits where it was tried; but products of more rows may round otherwise on another processor.
    for (const stretch of [1, 2, 5, 7, 29, 30, 31])
      expect(lossOf(stretch, symbols, 5) / whole).toBeCloseTo(1, 6);
  });

  it('do not know of each other, nor how many they are', () => {
    const many = Array.from({ length: 11 }, (_, seed) => text(20 + (seed % 2), seed));
    const alone = many.map((stream) => lossOf(6, [stream], 6));
    // The products of 11 rows may round otherwise than those of 8.
    expect(lossOf(6, many, 6) / alone.reduce((sum, loss) => sum + loss, 0)).toBeCloseTo(1, 6);
  });

  it('stop between two stretches, and leave no handle behind', () => {
    const network = createNetwork(4);
    network.evaluateStreams({ symbols, primed: 4 });
    const before = engine.liveHandles;
    // 30 positions, 4 at a time.
    const askedUntil = (limit: number): { asked: number; result: unknown } => {
      let asked = 0;
      const result = network.evaluateStreams({ symbols, primed: 4 }, () => (asked += 1) > limit);
      return { asked, result };
    };
    expect(askedUntil(Infinity)).toMatchObject({ asked: 8, result: {} });
    expect(askedUntil(3)).toEqual({ asked: 4, result: null });
    expect(engine.liveHandles).toBe(before);
    expect(() => network.evaluateStreams({ symbols, primed: 4 }, () => expect.unreachable())).toThrow();
    expect(engine.liveHandles).toBe(before);
    network.dispose();
  });

  it('are refused where they cannot be', () => {
    const network = createNetwork(4);
    const evaluate = (streams: readonly Int32Array[], primed: number) => () =>
      network.evaluateStreams({ symbols: streams, primed });
    expect(evaluate([], 1)).toThrow(AssertionError);
    expect(evaluate([text(3, 1)], 0)).toThrow(/primed by one symbol at least, not 0/);
    expect(evaluate([text(9, 1), text(3, 1)], 3)).toThrow(/more than 3 symbols, received 3/);
    expect(evaluate([Int32Array.of(1, 7)], 1)).toThrow(/symbol 7 is not in the vocabulary/);
    network.dispose();
    const last = Network.create(engine, { ...spec, loss: 'last' }, { windowLength: 4 });
    last.setParameters(randomParameters(last, 4, 1));
    expect(() => last.evaluateStreams({ symbols, primed: 1 })).toThrow(/loss on every position/);
    last.dispose();
  });
});
