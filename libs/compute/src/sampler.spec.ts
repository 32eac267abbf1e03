import { Engine } from '@rocinante/engine';
import type { LossKind } from '@rocinante/model';
import { describe, expect, it } from 'vitest';
import { Network } from './network.js';
import { networkOf, randomParameters } from './random-network.js';
import { Sampler, type SamplingOptions } from './sampler.js';

const engine = Engine.load();
const V = 6;
const windowLength = 4;
const prompt = Int32Array.of(1, 5, 0, 2, 3, 3, 4);

function createNetwork(loss: LossKind, scale = 1): Network {
  const network = Network.create(
    engine,
    networkOf({ input: 'scaled', loss, vocabularySize: V }, [8, 5], 0.5),
    {
      windowLength,
    },
  );
  network.setParameters(randomParameters(network, 2, scale));
  return network;
}

const options: SamplingOptions = { length: 30, temperature: 1, seed: 11 };
const sample = (network: Network, changes: Partial<SamplingOptions> = {}, text = prompt) => [
  ...new Sampler(network).sample(text, { ...options, ...changes }),
];

const likeliest = (logits: Float32Array) => logits.indexOf(Math.max(...logits));

describe('Sampler', () => {
  it('reads what the loss reads: the label has the softmax of the logits', () => {
    const network = createNetwork('last');
    const symbols = Int32Array.of(1, 5, 0, 2, 3);
    const { logits, states } = network.advance(symbols.subarray(0, windowLength));
    for (const { hidden, cell } of states) engine.free(hidden, cell);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    expect(network.evaluate({ windows: 1, symbols }).lossSum).toBeCloseTo(Math.log(total) - logits[3], 5);
    network.dispose();
  });

  it('takes the likeliest at temperature 0, carrying the state for a loss on every position', () => {
    const network = createNetwork('every');
    const text = [...prompt];
    for (const symbol of sample(network, { temperature: 0, length: 12 })) {
      const { logits, states } = network.advance(Int32Array.from(text));
      for (const { hidden, cell } of states) engine.free(hidden, cell);
      expect(symbol).toBe(likeliest(logits));
      text.push(symbol);
    }
    expect(text).toHaveLength(prompt.length + 12);
    network.dispose();
  });

  it('reads the last window anew for a loss on the last position', () => {
    const network = createNetwork('last');
    expect(sample(network)).toEqual(sample(network, {}, prompt.subarray(-windowLength)));
    const text = [...prompt];
    for (const symbol of sample(network, { temperature: 0, length: 12 })) {
      const { logits, states } = network.advance(Int32Array.from(text.slice(-windowLength)));
      for (const { hidden, cell } of states) engine.free(hidden, cell);
      expect(symbol).toBe(likeliest(logits));
      text.push(symbol);
    }
    network.dispose();
  });

  it.each([0.5, 1, 2])(
    'draws with the softmax of logits over temperature %d',
    { timeout: 180_000 },
    (temperature) => {
      // Without weights the logits are the dense bias at every position.
      const network = createNetwork('every');
      const bias = [0, 1, -1, 0.5, 2, -3];
      const parameters = new Float32Array(network.layout.length);
      parameters.set(bias, network.layout.tensors.at(-1)!.offset);
      network.setParameters(parameters);
      const draws = sample(network, { temperature, length: 3000 });
      const weights = bias.map((logit) => Math.exp(logit / temperature));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, symbol) => {
        const share = weight / total;
        const drawn = draws.filter((value) => value === symbol).length / draws.length;
        expect(Math.abs(drawn - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / draws.length));
      });
      network.dispose();
    },
  );

  it('repeats with a seed, and keeps to what is allowed', () => {
    const network = createNetwork('every');
    expect(sample(network)).toEqual(sample(network));
    expect(sample(network)).not.toEqual(sample(network, { seed: 12 }));
    const alternate = (drawn: readonly number[]) =>
      Array.from({ length: V }, (_, symbol) => (symbol % 2 === drawn.length % 2 ? 1 : 0));
    sample(network, { allowed: alternate }).forEach((symbol, index) => expect(symbol % 2).toBe(index % 2));
    expect(() => sample(network, { allowed: () => new Uint8Array(V) })).toThrow(/at least one symbol/);
    network.dispose();
  });

  it('draws among the likeliest alone', () => {
    const network = createNetwork('every');
    const bias = [0, 1, -1, 0.5, 2, -3];
    const parameters = new Float32Array(network.layout.length);
    parameters.set(bias, network.layout.tensors.at(-1)!.offset);
    network.setParameters(parameters);
    const drawn = (changes: Partial<SamplingOptions>) => [
      ...new Set(sample(network, { length: 300, temperature: 2, ...changes })),
    ];
    expect(drawn({}).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(drawn({ topK: 2 }).sort()).toEqual([1, 4]);
    expect(drawn({ topK: 1 })).toEqual([4]);
    // At temperature 2: 4 has 0.35 of the probability, 1 has 0.21.
    expect(drawn({ topP: 0.3 })).toEqual([4]);
    expect(drawn({ topP: 0.5 }).sort()).toEqual([1, 4]);
    // What may not be drawn is no candidate.
    const allowed = () => [1, 1, 1, 1, 0, 1];
    expect(drawn({ topK: 1, allowed })).toEqual([1]);
    expect(sample(network, { topK: V, topP: 1 })).toEqual(sample(network));
    network.dispose();
  });

  it('frees the state, also of text that is not read to its end', () => {
    const network = createNetwork('every');
    const before = engine.liveHandles;
    const [first] = new Sampler(network).sample(prompt, options);
    expect(first).toBe(sample(network)[0]);
    expect(engine.liveHandles).toBe(before);
    network.dispose();
  });
});
