/** The header of a checkpoint file: its tensors and metadata, as README.md specifies them. */
import { assert, quoted } from '@rocinante/base';
import { createLayout, type ParameterLayout, type TensorSpec } from '@rocinante/parameters';
import {
  encodeHeader,
  tensorMismatch,
  type SafetensorsHeader,
  type TensorDescription,
} from '@rocinante/weights';
import { LOSS_ENTRIES_MAX, type Checkpoint, type LossEntry } from './checkpoint.js';
import { DamagedCheckpointError, NonFiniteCheckpointError } from './errors.js';

/** What the `format` entry says in every checkpoint. */
const CHECKPOINT_FORMAT = 'rocinante-checkpoint';

/** The version that this release writes. It reads this one and all before it. */
const CHECKPOINT_VERSION = 1;

/** The entry with the file's hash; the first of the metadata, so that it stands at a fixed place. */
export const HASH_ENTRY = 'contents_sha256';

/** What stands in the hash's place while the file is hashed. */
export const HASH_PLACEHOLDER = '0'.repeat(64);

/** Names of tensors that are not parameters begin with one of these, so no parameter's may. */
const RESERVED_PREFIXES = ['adam/', 'grid/', 'residual/'] as const;

const MAGNITUDES = 'grid/magnitudes';

/** What the metadata's `state` entry holds, as JSON. */
type State = Omit<Checkpoint, 'layout' | 'parameters' | 'm' | 'v' | 'magnitudes'>;

/** The tensors of a checkpoint in the order of their bytes: parameters, both moments, the grid's magnitudes. */
function checkpointTensors(tensors: readonly TensorSpec[], blockCount: number): TensorDescription[] {
  const prefixed = (prefix: string): TensorDescription[] =>
    tensors.map(({ name, shape }) => ({ name: prefix + name, dtype: 'F32', shape }));
  return [
    ...prefixed(''),
    ...prefixed('adam/m/'),
    ...prefixed('adam/v/'),
    { name: MAGNITUDES, dtype: 'F32', shape: [blockCount] },
  ];
}

/**
 * A checkpoint's header with the placeholder for its hash.
 * @param best whether this is the run's best checkpoint so far.
 * @throws {NonFiniteCheckpointError} a number of the state is not finite; JSON could not carry it.
 */
export function encodeCheckpointHeader(checkpoint: Checkpoint, best: boolean): Uint8Array {
  const { layout, step, beta1Power, beta2Power, issueCount, joiningProof, configuration, vocabulary } =
    checkpoint;
  for (const { name } of layout.tensors)
    assert(!isReserved(name), `${name}: this name is not for a parameter`);
  const lossHistory = checkpoint.lossHistory.slice(-LOSS_ENTRIES_MAX);
  if (!Number.isFinite(beta1Power)) throw new NonFiniteCheckpointError(step, 'beta1Power');
  if (!Number.isFinite(beta2Power)) throw new NonFiniteCheckpointError(step, 'beta2Power');
  if (!lossHistory.every(isLossEntry)) throw new NonFiniteCheckpointError(step, 'lossHistory');
  const { corpusSha256, further } = checkpoint;
  const state: State = {
    step,
    beta1Power,
    beta2Power,
    issueCount,
    joiningProof,
    lossHistory,
    configuration,
    vocabulary,
    corpusSha256,
    further,
  };
  return encodeHeader(checkpointTensors(layout.tensors, layout.blockCount), {
    [HASH_ENTRY]: HASH_PLACEHOLDER,
    format: CHECKPOINT_FORMAT,
    version: String(CHECKPOINT_VERSION),
    best: String(best),
    state: JSON.stringify(state),
  });
}

/**
 * Checks that a file is a checkpoint, of a version that this release reads.
 * @param name names the checkpoint in errors.
 * @throws {DamagedCheckpointError} it is of another program, or of a later release.
 */
export function checkFormat(name: string, { metadata: { format, version } }: SafetensorsHeader): void {
  if (format !== CHECKPOINT_FORMAT) {
    const received = format === undefined ? 'a file without a format' : `format ${quoted(format)}`;
    throw new DamagedCheckpointError(
      name,
      `expected a checkpoint (format ${CHECKPOINT_FORMAT}), received ${received}`,
    );
  }
  if (version !== String(CHECKPOINT_VERSION)) {
    throw new DamagedCheckpointError(
      name,
      `expected version ${CHECKPOINT_VERSION} or before, received ${quoted(version)}: use the release that wrote it`,
    );
  }
}

/**
 * Reads a header back, except for the vectors.
 * @throws {DamagedCheckpointError} it is not as this release writes it.
 */
export function decodeCheckpointHeader(
  name: string,
  header: SafetensorsHeader,
): { state: State; layout: ParameterLayout } {
  const layout = decodeLayout(name, header);
  let state: unknown;
  try {
    state = JSON.parse(header.metadata['state'] ?? '');
  } catch (cause) {
    throw new DamagedCheckpointError(name, 'state: expected JSON, received other text', { cause });
  }
  const problem = stateProblem(state);
  if (problem !== undefined) throw new DamagedCheckpointError(name, `state: ${problem}`);
  return { state: state as State, layout };
}

/** The parameters' layout, from the tensors that the file names; the other tensors must be those that belong to it. */
function decodeLayout(name: string, { tensors }: SafetensorsHeader): ParameterLayout {
  const parameters = tensors.filter((tensor) => !isReserved(tensor.name));
  const empty = parameters.find(({ shape }) => shape.includes(0));
  if (empty !== undefined)
    throw new DamagedCheckpointError(name, `${quoted(empty.name)}: expected elements, received none`);
  // Bounded by the file's size: every tensor's bytes are in it.
  const layout = createLayout(parameters);
  // Tensors that later releases of this version may add stand behind these, under reserved names.
  const mismatch = tensorMismatch(checkpointTensors(layout.tensors, layout.blockCount), tensors, {
    further: true,
  });
  if (mismatch !== undefined) throw new DamagedCheckpointError(name, mismatch);
  return layout;
}

function isReserved(name: string): boolean {
  return RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What is wrong with a state from outside, in one line; undefined for one that this release can use. */
function stateProblem(state: unknown): string | undefined {
  if (!isObject(state)) return 'expected an object';
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isPower = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
  const isString = (value: unknown): boolean => typeof value === 'string';
  const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
  const checks: Record<keyof State, (value: unknown) => boolean> = {
    step: isCount,
    beta1Power: isPower,
    beta2Power: isPower,
    issueCount: isCount,
    joiningProof: isString,
    lossHistory: (value) => Array.isArray(value) && value.every(isLossEntry),
    configuration: isObject,
    vocabulary: isStrings,
    corpusSha256: isString,
    further: (value) => isObject(value) && isStrings(Object.values(value)),
  };
  const wrong = Object.entries(checks).find(([key, check]) => !check(state[key]));
  return wrong && `${wrong[0]} is missing or has another form`;
}

function isLossEntry(value: unknown): value is LossEntry {
  if (!isObject(value)) return false;
  const { step, epoch, loss, validationLoss } = value;
  return (
    [step, epoch, loss].every(Number.isFinite) && (validationLoss === null || Number.isFinite(validationLoss))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
