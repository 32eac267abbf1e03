import { EngineMemoryError, type Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { PathMemoryError, PlainPathError } from './errors.js';
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
export const FLOAT32_TOLERANCE = 1e-4;

/**
 * The same where a card may round the factors of products to TF32's 11 bits, which is 5e-4 for each, on either path: over the
 * positions and layers of the small networks that adds up to some 1e-3.
 */
const TF32_TOLERANCE = 1e-2;

/** A small network, and what it is computed on. */
interface Case {
  readonly spec: NetworkSpec;
  readonly windowLength: number;
  readonly windows: number;
  /** Of the weights, so large that gates leave their linear middle. */
  readonly scale: number;
}

/** Units that are no multiple of anything, and then of much; an input that has a gradient, and some that have none; both losses; one input. */
const CASES: readonly Case[] = [
  {
    spec: networkOf({ input: 'embedding', loss: 'every', vocabularySize: 11 }, [7, 12]),
    windowLength: 6,
    windows: 9,
    scale: 0.7,
  },
  {
    spec: networkOf({ input: 'one-hot', loss: 'last', vocabularySize: 11 }, [12, 7]),
    windowLength: 5,
    windows: 8,
    scale: 0.7,
  },
  {
    spec: networkOf({ input: 'one-hot', loss: 'every', vocabularySize: 32 }, [64, 64]),
    windowLength: 4,
    windows: 8,
    scale: 0.25,
  },
  {
    spec: networkOf({ input: 'scaled', loss: 'last', vocabularySize: 32 }, [16]),
    windowLength: 4,
    windows: 8,
    scale: 0.7,
  },
];

/** The tolerance on this engine. */
export function toleranceOf({ description }: Engine, environment: NodeJS.ProcessEnv): number {
  const mayRound = description.device === 'gpu' && environment['NVIDIA_TF32_OVERRIDE'] !== '0';
  return mayRound ? TF32_TOLERANCE : FLOAT32_TOLERANCE;
}

/** What plain computed of a case: loss, every gradient, and what is read on from a carried state. */
interface ExpectedOfCase {
  readonly given: Case;
  readonly results: readonly Result[];
}

/** What plain computes of the small networks, on the device; other paths are compared with it. */
export type Expected = readonly ExpectedOfCase[];

/** @throws {PlainPathError} plain cannot be computed here. @throws {PathMemoryError} there is not the memory for it. */
export function computeByPlain(engine: Engine): Expected {
  try {
    return CASES.map((given) => ({ given, results: resultsOf(engine, given, undefined)! }));
  } catch (error) {
    const { model, device } = engine.description;
    if (error instanceof EngineMemoryError) throw new PathMemoryError('plain', model, error);
    throw new PlainPathError(model, device, error as Error);
  }
}

/**
 * Computes the small networks by a path, and compares: but for those that the path does not compute, of which one at least is left.
 * @throws {RocinanteError} the path cannot be computed here.
 * @throws {Error} it computes none of them; says why not.
 */
export function compareWithPlain(
  engine: Engine,
  path: LstmPath,
  expected: Expected = computeByPlain(engine),
): PathComparison {
  let largest: PathComparison | null = null;
  for (const { given, results } of expected) {
    for (const [index, { what, values }] of (resultsOf(engine, given, path) ?? []).entries()) {
      const difference = differenceOf(values, results[index].values);
      largest ??= { difference: 0, where: 'nothing' };
      if (difference > largest.difference) largest = { difference, where: what };
    }
  }
  if (largest === null) throw new Error(path.whyNot?.(expected[0].given.spec) ?? 'it computes no network');
  return largest;
}

/** Null where another path computes the case's network in place of this one. */
function resultsOf(
  engine: Engine,
  { spec, windowLength, windows, scale }: Case,
  path: LstmPath | undefined,
): readonly Result[] | null {
  const network = Network.create(engine, spec, { windowLength, path });
  try {
    if (path !== undefined && network.path !== path) return null;
    network.setParameters(randomParameters(network, 2, scale));
    return [...resultsBy(network, randomBatch(spec, windowLength, windows, 1))];
  } finally {
    network.dispose();
  }
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
