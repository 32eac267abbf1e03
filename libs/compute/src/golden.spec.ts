// Loss and gradient against test/reference/golden/networks, which Keras computed in float64.
//
// Tolerance: an element may be off by 1e-5 of its tensor's largest. float32 rounds to 6e-8; a gradient here goes through
// some hundreds of such roundings, so 1e-5 passes sound arithmetic and fails any wrong term.
import { readdirSync, readFileSync } from 'node:fs';
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { describe, expect, it } from 'vitest';
import { Network } from './network.js';
import { randomParameters } from './random-network.js';

const FOLDER = new URL('../../../test/reference/golden/networks/', import.meta.url);
const TOLERANCE = 1e-5;

interface Golden {
  readonly network: NetworkSpec;
  readonly windowLength: number;
  readonly windows: number;
  readonly symbols: readonly number[];
  readonly lossSum: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly gradient: readonly number[];
  }[];
}

const engine = Engine.load();
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

describe('golden numbers', () => {
  it('cover both losses, three inputs and both activations', () => {
    expect(files).toHaveLength(12);
  });

  it.each(files)('%s', (file) => {
    const golden = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Golden;
    const { windowLength, windows } = golden;
    const [network, byOps] = [{ windows, secondsMax: Infinity }, undefined].map((graph) =>
      Network.create(engine, golden.network, { windowLength, graph }),
    );
    expect(golden.tensors.map(({ name }) => name)).toEqual(network.layout.tensors.map(({ name }) => name));

    const batch = { windows, symbols: Int32Array.from(golden.symbols) };
    const gradient = new Float32Array(network.layout.length);
    // The first leaves the graph, by which the golden parameters' is then computed.
    network.setParameters(randomParameters(network, 1, 0.1));
    network.gradient(batch, null, gradient);
    expect(network.hasGraph).toBe(true);
    for (const each of [network, byOps])
      each.setParameters(Float32Array.from(golden.tensors.flatMap(({ values }) => values)));
    const { lossSum } = network.gradient(batch, null, gradient);
    expect(Math.abs(lossSum - golden.lossSum)).toBeLessThan(TOLERANCE * golden.lossSum);
    const again = new Float32Array(gradient.length);
    expect(byOps.gradient(batch, null, again).lossSum).toBe(lossSum);
    expect(again).toEqual(gradient);
    expect(Math.abs(network.evaluate(batch).lossSum - golden.lossSum)).toBeLessThan(
      TOLERANCE * golden.lossSum,
    );
    for (const [index, expected] of golden.tensors.entries()) {
      const { offset, size, name } = network.layout.tensors[index];
      const received = gradient.subarray(offset, offset + size);
      const largest = Math.max(...expected.gradient.map(Math.abs));
      const error = Math.max(...expected.gradient.map((value, at) => Math.abs(value - received[at])));
      expect(error / largest, name).toBeLessThan(TOLERANCE);
    }
    for (const each of [network, byOps]) each.dispose();
  });
});
