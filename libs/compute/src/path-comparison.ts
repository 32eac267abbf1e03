import type { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { freeStates } from './layer-stack.js';
import type { LstmPath } from './lstm-path.js';
import { Network } from './network.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

/** How far a path is from plain on small networks: the largest difference, in parts of the largest value of its tensor. */
export interface PathComparison {
  readonly difference: number;
  /** What differs so. */
  readonly where: string;
}

/**
 * How far a path may be from plain, in parts of a tensor's largest value.
 *
 * In float32 a number here goes through some hundreds of roundings of 6e-8, in another order on each path, and cuDNN has
 * functions of its own for the gates: 1e-4 passes all of this. A wrong term makes a tenth and more.
 */
const FLOAT32_TOLERANCE = 1e-4;

/**
 * The same where a card may round the factors of products to TF32's 11 bits, which is 5e-4 for each, on either path: over the
 * positions and layers of the small networks that adds up to some 1e-3.
 */
const TF32_TOLERANCE = 1e-2;

/** Units that are no multiple of anything; an input that has a gradient, and one that has none; both losses. */
const CASES: readonly {
  readonly spec: NetworkSpec;
  readonly windowLength: number;
  readonly windows: number;
}[] = [
  {
    spec: networkOf({ input: 'embedding', loss: 'every', vocabularySize: 11 }, [7, 12]),
    windowLength: 6,
    windows: 9,
  },
  {
    spec: networkOf({ input: 'one-hot', loss: 'last', vocabularySize: 11 }, [12, 7]),
    windowLength: 5,
    windows: 8,
  },
];

/** Weights so large that gates leave their linear middle. */
const SCALE = 0.7;

/** The tolerance on this engine. */
export function toleranceOf({ description }: Engine, environment: NodeJS.ProcessEnv): number {
  const mayRound = description.device === 'gpu' && environment['NVIDIA_TF32_OVERRIDE'] !== '0';
  return mayRound ? TF32_TOLERANCE : FLOAT32_TOLERANCE;
}

/**
 * Computes small networks by a path and by plain, on the device: loss, every gradient, and what is read on from a carried
 * state.
 * @throws {RocinanteError} the path cannot be computed here.
 */
export function compareWithPlain(engine: Engine, path: LstmPath): PathComparison {
  let largest: PathComparison = { difference: 0, where: 'nothing' };
  for (const { spec, windowLength, windows } of CASES) {
    const batch = randomBatch(spec, windowLength, windows, 1);
    const resultsOf = (by: LstmPath | undefined): readonly Result[] => {
      const network = Network.create(engine, spec, { windowLength, path: by });
      try {
        network.setParameters(randomParameters(network, 2, SCALE));
        return [...resultsBy(network, batch)];
      } finally {
        network.dispose();
      }
    };
    const expected = resultsOf(undefined);
    for (const [index, { what, values }] of resultsOf(path).entries()) {
      const difference = differenceOf(values, expected[index].values);
      if (difference > largest.difference) largest = { difference, where: what };
    }
  }
  return largest;
}

/** Something that was computed, with a name for people. */
interface Result {
  readonly what: string;
  readonly values: Float32Array;
}

function* resultsBy(network: Network, batch: ReturnType<typeof randomBatch>): Generator<Result> {
  const gradient = new Float32Array(network.layout.length);
  const { lossSum } = network.gradient(batch, null, gradient);
  yield { what: 'the loss', values: Float32Array.of(lossSum) };
  for (const { name, offset, size } of network.layout.tensors) {
    yield { what: `the gradient of ${name}`, values: gradient.subarray(offset, offset + size) };
  }
  yield { what: 'the loss without a way back', values: Float32Array.of(network.evaluate(batch).lossSum) };
  const first = network.advance(batch.symbols.subarray(0, 4));
  const second = network.advance(batch.symbols.subarray(4, 6), first.states);
  for (const { states } of [first, second]) freeStates(network.engine, states);
  yield { what: 'what follows from a carried state', values: second.logits };
}

/**
 * The largest difference, in parts of the largest value that is expected. Infinity where either has a value that is not
 * finite: nothing is agreed on then, whatever the other has.
 */
export function differenceOf(values: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (const [index, value] of expected.entries()) {
    const off = Math.abs(value - values[index]);
    if (!Number.isFinite(off)) return Infinity;
    difference = Math.max(difference, off);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference === 0 ? 0 : difference / largest;
}
