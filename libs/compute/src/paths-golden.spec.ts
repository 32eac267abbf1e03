// The paths that processors do not take against Keras's golden numbers, as golden.spec.ts compares plain's: fused itself, and
// cudnn with cuDNN's ops answered by a model in float64.
import { readdirSync, readFileSync } from 'node:fs';
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CudnnPath } from './cudnn-path.js';
import { standInForCudnn, type CudnnStandIn } from './spec-cudnn-stand-in.js';
import { FusedPath } from './fused-path.js';
import { whyPlainAlone, type LstmPath } from './lstm-path.js';
import { Network } from './network.js';

const FOLDER = new URL('../../../test/reference/golden/networks/', import.meta.url);
/** As golden.spec.ts, which says why. */
const TOLERANCE = 1e-5;

interface Golden {
  readonly network: NetworkSpec;
  readonly windowLength: number;
  readonly windows: number;
  readonly symbols: readonly number[];
  readonly lossSum: number;
  readonly tensors: readonly {
    readonly values: readonly number[];
    readonly gradient: readonly number[];
  }[];
}

const engine = Engine.load();
const all = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, golden: JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Golden }));
const sigmoids = all.filter(({ golden }) => whyPlainAlone(golden.network, 'float32') === null);
const paths: readonly (readonly [string, () => LstmPath])[] = [
  ['fused', () => new FusedPath(engine)],
  ['cudnn', () => new CudnnPath(engine, 'time-major')],
  ['cudnn-batch-major', () => new CudnnPath(engine, 'batch-major')],
];

let standIn: CudnnStandIn;
beforeEach(() => (standIn = standInForCudnn(engine)));
afterEach(() => standIn.end());

it('golden networks with sigmoid gates have both losses and three inputs', () => {
  expect(sigmoids).toHaveLength(6);
});

it('a network of hard sigmoids is computed by plain, whatever path is given', () => {
  const hard = all.find(({ golden }) => golden.network.recurrentActivation !== 'sigmoid')!.golden;
  const network = Network.create(engine, hard.network, { windowLength: 3, path: new FusedPath(engine) });
  expect(network.path.name).toBe('plain');
});

describe.each(paths)('golden numbers by %s', (name, create) => {
  it.each(sigmoids)('$name', ({ golden }) => {
    const { windowLength, windows, lossSum: expectedLoss } = golden;
    const network = Network.create(engine, golden.network, { windowLength, path: create() });
    expect(network.path.name).toBe(name);
    network.setParameters(Float32Array.from(golden.tensors.flatMap(({ values }) => values)));
    const batch = { windows, symbols: Int32Array.from(golden.symbols) };
    const gradient = new Float32Array(network.layout.length);
    const losses = [network.gradient(batch, null, gradient).lossSum, network.evaluate(batch).lossSum];
    for (const loss of losses) expect(Math.abs(loss - expectedLoss)).toBeLessThan(TOLERANCE * expectedLoss);
    for (const [index, expected] of golden.tensors.entries()) {
      const { offset, name: tensor } = network.layout.tensors[index];
      const largest = Math.max(...expected.gradient.map(Math.abs));
      const error = Math.max(
        ...expected.gradient.map((value, at) => Math.abs(value - gradient[offset + at])),
      );
      expect(error / largest, tensor).toBeLessThan(TOLERANCE);
    }
    network.dispose();
  });
});
