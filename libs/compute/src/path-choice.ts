import { oneLine } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import { EngineMemoryError, type Engine } from '@rocinante/engine';
import { CudnnPath } from './cudnn-path.js';
import { PathMemoryError } from './errors.js';
import { FusedPath } from './fused-path.js';
import type { LstmPath, LstmPathName } from './lstm-path.js';
import { compareWithPlain, computeByPlain, toleranceOf, type Expected } from './path-comparison.js';
import { PlainPath } from './plain-path.js';

/** The path that computes here, and why. */
export interface LstmPathInUse {
  readonly path: LstmPath;
  /** Why this one, for people. */
  readonly reason: string;
  /** One line where a path was passed over; null where the first was taken. */
  readonly notice: string | null;
}

/** Of what TensorFlow says of an op that it cannot run, so much is passed on, in characters. */
const REASON_LENGTH_MAX = 240;

/**
 * The first of the paths that agrees with plain here: a path that fails, or is farther off than the tolerance, is passed over.
 *
 * On a card the order is cudnn (rows as they are, then transposed for it), fused, plain, from the one that was asked for on. On a
 * processor plain is taken, unless fused was asked for: cuDNN is not there, and the bits of fused follow from the number
 * of threads. A choice decides the bits, so the joining proof compares it.
 * @throws {PlainPathError} others are to be compared with plain, and the device cannot compute that.
 * @throws {PathMemoryError} there is not the memory to compare them: which one is sound is not known then.
 */
export function chooseLstmPath(
  engine: Engine,
  choice: LstmChoice,
  candidates: readonly LstmPath[] = candidatesOf(engine, choice),
): LstmPathInUse {
  const { device, threads } = engine.description;
  const passedOver: string[] = [];
  if (device === 'cpu' && choice === 'cudnn') {
    passedOver.push('cudnn: expected a GPU, and the engine computes on a processor');
  }
  let expected: Expected | undefined;
  for (const path of candidates) {
    const { agreement, fault } =
      path.name === 'plain' ? AS_IT_IS : examine(engine, path, (expected ??= computeByPlain(engine)));
    if (fault !== null) {
      passedOver.push(`${path.name}: ${fault}`);
      continue;
    }
    path.trust?.();
    const bits =
      path.name === 'fused' && device === 'cpu'
        ? `; on a processor its bits follow from the number of threads, here ${threads}`
        : '';
    const notice =
      passedOver.length === 0 ? null : `LSTM path ${path.name} is used, and not ${passedOver.join('; not ')}`;
    return { path, reason: (agreement ?? reasonForPlain(device, choice, passedOver)) + bits, notice };
  }
  throw new Error('plain is the last candidate');
}

/** Plain is what the others are compared with. */
const AS_IT_IS = { agreement: null, fault: null };

function reasonForPlain(device: 'cpu' | 'gpu', choice: LstmChoice, passedOver: readonly string[]): string {
  if (passedOver.length > 0) return `not ${passedOver.join('; not ')}`;
  return choice === 'plain' ? 'asked for' : `the ${device === 'cpu' ? 'processor' : 'card'}'s`;
}

/** A path by its name, whether or not it can be computed here. */
export function createLstmPath(engine: Engine, name: LstmPathName): LstmPath {
  switch (name) {
    case 'cudnn':
      return new CudnnPath(engine, 'time-major');
    case 'cudnn-batch-major':
      return new CudnnPath(engine, 'batch-major');
    case 'fused':
      return new FusedPath(engine);
    case 'plain':
      return new PlainPath(engine, 'sigmoid');
  }
}

function candidatesOf(engine: Engine, choice: LstmChoice): readonly LstmPath[] {
  return namesOf(choice, engine.description.device).map((name) => createLstmPath(engine, name));
}

function namesOf(choice: LstmChoice, device: 'cpu' | 'gpu'): readonly LstmPathName[] {
  if (choice === 'plain') return ['plain'];
  if (choice === 'fused') return ['fused', 'plain'];
  return device === 'cpu' ? ['plain'] : ['cudnn', 'cudnn-batch-major', 'fused', 'plain'];
}

/** Whether a path computes what plain does; `fault` says why not. */
function examine(
  engine: Engine,
  path: LstmPath,
  expected: Expected,
): { readonly agreement: string | null; readonly fault: string | null } {
  const tolerance = toleranceOf(engine, process.env);
  try {
    const { difference, where } = compareWithPlain(engine, path, expected);
    const off = difference.toPrecision(2);
    if (difference <= tolerance) return { agreement: `it agrees with plain to ${off}`, fault: null };
    return {
      agreement: null,
      fault: `${where} is off by ${off} of its largest value, expected ${tolerance} at most`,
    };
  } catch (error) {
    if (error instanceof EngineMemoryError) {
      throw new PathMemoryError(path.name, engine.description.model, error);
    }
    // Whatever it is: plain computes, and the line says why it has to.
    return { agreement: null, fault: oneLine((error as Error).message).slice(0, REASON_LENGTH_MAX) };
  }
}
