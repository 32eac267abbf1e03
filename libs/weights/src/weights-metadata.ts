/** The metadata of a weights file: strings by name, as README.md lists them, and back, checked. */
import { assert, quoted } from '@rocinante/base';
import type { LstmLayerSpec, NetworkSpec } from '@rocinante/model';
import { WeightsFileError } from './errors.js';

/** What the `format` entry says in every weights file. */
export const WEIGHTS_FORMAT = 'rocinante-weights';

/** The newest version of the metadata that this release writes and reads. */
export const WEIGHTS_VERSION = 1;

/** Symbols of a window, at most: what a configuration may say (RunConfig), with room. */
const WINDOW_MAX = 1_000_000;

/** What a weights file says beside the parameters. */
export interface WeightsDescription {
  readonly network: NetworkSpec;
  /** The symbols in the order of their indices: `network.vocabularySize` different strings. */
  readonly vocabulary: readonly string[];
  /** How the text was normalised before training: `reference` or `none`. A prompt is treated alike. */
  readonly normalisation: string;
  /** Symbols of a window. */
  readonly window: number;
  /** Steps that were applied. */
  readonly step: number;
  /** The run's whole configuration, which is not checked here: `evaluate` treats a text by it. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Further entries, kept as they are; their names must not be those above. */
  readonly further?: Readonly<Record<string, string>>;
}

/** The description as a safetensors file carries it. */
export function encodeMetadata(description: WeightsDescription): Record<string, string> {
  const { network, vocabulary, normalisation, window, step, configuration, further = {} } = description;
  assert(
    vocabulary.length === network.vocabularySize,
    `a vocabulary of ${network.vocabularySize} symbols, not ${vocabulary.length}`,
  );
  const own = {
    format: WEIGHTS_FORMAT,
    version: String(WEIGHTS_VERSION),
    network: JSON.stringify(network),
    vocabulary: JSON.stringify(vocabulary),
    normalisation,
    window: String(window),
    step: String(step),
    configuration: JSON.stringify(configuration),
  };
  for (const name of Object.keys(further))
    assert(!Object.hasOwn(own, name), `${name} is an entry of its own`);
  return { ...own, ...further };
}

/**
 * Reads a description back.
 * @param path names the file in errors.
 * @throws {WeightsFileError} of another program, of a later release, or with an entry of another form.
 */
export function parseMetadata(path: string, metadata: Readonly<Record<string, string>>): WeightsDescription {
  const { format, version, network, vocabulary, normalisation, window, step, configuration, ...further } =
    metadata;
  if (format !== WEIGHTS_FORMAT) {
    throw new WeightsFileError(
      'WEIGHTS_FORMAT',
      path,
      `expected a weights file (format ${WEIGHTS_FORMAT}), received ${format === undefined ? 'a safetensors file without a format' : `format ${quoted(format)}`}`,
    );
  }
  if (version !== String(WEIGHTS_VERSION)) {
    throw new WeightsFileError(
      'WEIGHTS_VERSION',
      path,
      `expected version ${WEIGHTS_VERSION}, received ${quoted(version)}: use the release that wrote it`,
    );
  }
  const entry = new EntryReader(path);
  const spec = entry.read(
    'network',
    network,
    parseNetwork,
    'a network: input, layers, loss, recurrentActivation, vocabularySize',
  );
  return {
    network: spec,
    vocabulary: entry.read(
      'vocabulary',
      vocabulary,
      (text) => parseVocabulary(text, spec.vocabularySize),
      `${spec.vocabularySize} different strings`,
    ),
    normalisation: entry.read('normalisation', normalisation, (text) => text, 'a name'),
    window: entry.read(
      'window',
      window,
      (text) => parseCount(text, 1, WINDOW_MAX),
      `a whole number from 1 to ${WINDOW_MAX}`,
    ),
    step: entry.read('step', step, (text) => parseCount(text, 0), 'a whole number from 0'),
    configuration: entry.read('configuration', configuration, parseObject, 'an object'),
    further,
  };
}

class EntryReader {
  constructor(readonly path: string) {}

  /** An entry's value by `parse`, which gives undefined (or throws, as JSON.parse does) for what it does not accept. */
  read<T>(
    name: string,
    text: string | undefined,
    parse: (text: string) => T | undefined,
    expected: string,
  ): T {
    let value: T | undefined;
    try {
      value = text === undefined ? undefined : parse(text);
    } catch {
      value = undefined;
    }
    if (value === undefined) {
      throw new WeightsFileError(
        'WEIGHTS_METADATA',
        this.path,
        `${name}: expected ${expected}, received ${quoted(text)}`,
      );
    }
    return value;
  }
}

function parseCount(text: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : undefined;
}

function parseVocabulary(text: string, size: number): string[] | undefined {
  const value: unknown = JSON.parse(text);
  const sound =
    Array.isArray(value) &&
    value.length === size &&
    value.every((symbol) => typeof symbol === 'string') &&
    new Set(value).size === size;
  return sound ? value : undefined;
}

function parseNetwork(text: string): NetworkSpec | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const { input, embeddingSize, layers, loss, recurrentActivation, vocabularySize } = value;
  const sound =
    (input === 'scaled' || input === 'one-hot' || input === 'embedding') &&
    (input === 'embedding' ? isSize(embeddingSize) : embeddingSize === undefined) &&
    Array.isArray(layers) &&
    layers.length > 0 &&
    layers.every(isLayer) &&
    (loss === 'last' || loss === 'every') &&
    (recurrentActivation === 'sigmoid' || recurrentActivation === 'hard-sigmoid') &&
    isSize(vocabularySize);
  return sound ? (value as unknown as NetworkSpec) : undefined;
}

function isLayer(value: unknown): value is LstmLayerSpec {
  if (!isObject(value)) return false;
  const { units, dropout } = value;
  return isSize(units) && typeof dropout === 'number' && dropout >= 0 && dropout < 1;
}

/** A dimension of a tensor. What is too large for memory does not match the file's tensors, and is refused for that. */
function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
