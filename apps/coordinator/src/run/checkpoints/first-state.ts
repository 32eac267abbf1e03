import { RocinanteError } from '@rocinante/base';
import { Vocabulary } from '@rocinante/corpus';
import { networkTensors } from '@rocinante/model';
import { networkOf, type RunConfig } from '@rocinante/training';
import type { Weights } from '@rocinante/weights';
import { UsageError } from '../../errors.js';
import { readNamedWeights, type NamedWeights } from '../../named-weights.js';
import { networkAdvice } from './network-advice.js';

/** A network that a run begins with, in place of first values from the seed. Adam begins from zero all the same. */
export interface InitialWeights extends Pick<
  Weights,
  'network' | 'vocabulary' | 'normalisation' | 'parameters'
> {
  /** The file that they were read from. */
  readonly path: string;
  /** Of the whole weights file: what a configuration's `initFrom` says. */
  readonly sha256: string;
  /** That file, where they were a checkpoint's, which is none; else null. */
  readonly content: Uint8Array | null;
}

/** Of tensors that differ, so many are named. */
const TENSORS_NAMED_MAX = 3;

/**
 * Reads weights that a run is to begin with.
 * @param path of a weights file, a checkpoint, or the directory of a run that is done.
 * @throws {RocinanteError} it is no whole weights file of finite numbers, nor a checkpoint.
 * @throws {UsageError} its symbols are not characters, so no text can be encoded by them.
 */
export async function readInitialWeights(path: string): Promise<InitialWeights> {
  const weights = await read(path);
  const { network, vocabulary, normalisation, parameters, contentSha256, content } = weights;
  try {
    Vocabulary.fromJSON(vocabulary);
  } catch (cause) {
    throw new UsageError(`--init-from ${path}: ${(cause as Error).message}`, { cause });
  }
  return {
    path: weights.path,
    sha256: contentSha256,
    content,
    network,
    vocabulary,
    normalisation,
    parameters,
  };
}

/** The file, with the option that named it in what is wrong with it. */
async function read(path: string): Promise<NamedWeights> {
  try {
    return await readNamedWeights(path);
  } catch (cause) {
    if (!(cause instanceof RocinanteError)) throw cause;
    throw new RocinanteError(cause.code, cause.exitCode, `--init-from ${cause.message}`, { cause });
  }
}

/**
 * Checks that a run can begin with these weights, before its text is encoded by their vocabulary: they are of its
 * network, and their text was normalised as its text will be. Dropout, loss, window and optimizer may differ.
 * @throws {UsageError} one line that names what differs and what to change.
 */
export function checkInitialWeights(weights: InitialWeights, config: RunConfig): void {
  const refuse = (problem: string): never => {
    throw new UsageError(`--init-from ${weights.path}: ${problem}`);
  };
  const { normalisation } = config.text;
  if (weights.normalisation !== normalisation) {
    refuse(
      `--normalisation: expected ${weights.normalisation}, as their text was treated, received ${normalisation}; ` +
        `give --normalisation ${weights.normalisation}, or take other weights`,
    );
  }
  const wanted = networkOf(config, weights.vocabulary.length);
  const { input, recurrentActivation } = weights.network;
  const advice = networkAdvice(weights.path, weights.network, wanted);
  if (input !== wanted.input) refuse(`network.input: expected ${wanted.input}, received ${input}; ${advice}`);
  const differences = tensorDifferences(wanted, weights.network);
  if (differences.length > 0) {
    const more = differences.length - TENSORS_NAMED_MAX;
    const named = differences.slice(0, TENSORS_NAMED_MAX).join('; ');
    refuse(`${named}${more > 0 ? `; and ${more} more` : ''}; ${advice}`);
  }
  if (recurrentActivation !== wanted.recurrentActivation) {
    refuse(
      `network.recurrentActivation: expected ${wanted.recurrentActivation}, received ${recurrentActivation}; ${advice}`,
    );
  }
}

/** Each tensor that is not the same in both networks: `lstm_1/kernel: expected [512,2048], received [256,1024]`. */
function tensorDifferences(wanted: Weights['network'], received: Weights['network']): string[] {
  const shapesOf = (network: Weights['network']): Map<string, string> =>
    new Map(networkTensors(network).map(({ name, shape }) => [name, `[${shape.join(',')}]`]));
  const [want, have] = [shapesOf(wanted), shapesOf(received)];
  return [...new Set([...want.keys(), ...have.keys()])]
    .filter((name) => want.get(name) !== have.get(name))
    .map((name) => `${name}: expected ${want.get(name) ?? 'none'}, received ${have.get(name) ?? 'none'}`);
}
