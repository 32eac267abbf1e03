/** The weights file: a network's parameters, and all that is needed to use them, in one safetensors file. */
import { assert, bytesOf, sha256, systemTrouble } from '@rocinante/base';
import { networkLayout, networkTensors, type NetworkSpec } from '@rocinante/model';
import { createLayout, type ParameterLayout } from '@rocinante/parameters';
import { WRITE_CHUNK_BYTES, writeAtomically } from './atomic-file.js';
import { SafetensorsError, WeightsFileError } from './errors.js';
import { encodeMetadata, parseMetadata, type WeightsDescription } from './weights-metadata.js';
import { readSafetensorsFile } from './safetensors-file.js';
import { encodeHeader, float32View, tensorMismatch, type TensorDescription } from './safetensors.js';

/** A network that can be used: what it is, what its symbols mean, and its parameters. */
export interface Weights extends WeightsDescription {
  /** float32 in layout order: [networkLayout(network).length]. */
  readonly parameters: Float32Array;
}

/** What was written, or read. `sha256` is that of the data section: the parameters' bytes in layout order. */
export interface WeightsFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** SHA-256 of parameters' little-endian float32 bytes in layout order, in lower-case hexadecimal. */
export function weightsSha256(parameters: Float32Array): string {
  return sha256(parameters);
}

/** What stands before the parameters' bytes in a weights file. With those bytes behind it, it is the whole file. */
export function encodeWeightsHeader(weights: WeightsDescription): Uint8Array {
  return encodeHeader(expectedTensors(weights.network), encodeMetadata(weights));
}

/** A weights file in memory, and the hash by which a store of contents names it. For a file on the disk `writeWeightsFile` needs less. */
export function encodeWeightsFile(weights: Weights): {
  readonly bytes: Uint8Array;
  readonly contentSha256: string;
} {
  const bytes = Buffer.concat([encodeWeightsHeader(weights), bytesOf(weights.parameters)]);
  return { bytes, contentSha256: sha256(bytes) };
}

/**
 * Writes a weights file, whole or not at all: a reader of the path never sees a part of it.
 *
 * `parameters` must not change until the promise resolves; it is written in pieces, between which the event loop runs.
 * @throws {WeightsFileError} `WEIGHTS_NOT_WRITTEN`: the disk did not take it. Nothing is left behind.
 */
export async function writeWeightsFile(path: string, weights: Weights): Promise<WeightsFile> {
  const { network, parameters } = weights;
  const { length } = networkLayout(network);
  assert(parameters.length === length, `parameters: expected ${length}, received ${parameters.length}`);
  const header = encodeWeightsHeader(weights);
  const data = bytesOf(parameters);
  await writeAtomically(path, async (file) => {
    await file.write(header, 0);
    for (let begin = 0; begin < data.length; begin += WRITE_CHUNK_BYTES) {
      await file.write(data.subarray(begin, begin + WRITE_CHUNK_BYTES), header.length + begin);
    }
  }).catch((cause: unknown): never => {
    const detail = systemTrouble(cause, path);
    throw new WeightsFileError('WEIGHTS_NOT_WRITTEN', path, `expected to write it, but ${detail}`, { cause });
  });
  return { path, bytes: header.length + data.length, sha256: weightsSha256(parameters) };
}

/**
 * Reads a weights file and checks that it is whole, ours, and of the network that it describes.
 * @returns with `contentSha256`, the hash of the whole file.
 * @throws {WeightsFileError} it cannot be read, or is not such a file; the line names the path and what was expected.
 */
export async function readWeightsFile(
  path: string,
): Promise<Weights & WeightsFile & { readonly layout: ParameterLayout; readonly contentSha256: string }> {
  const file = await readSafetensorsFile(path).catch((cause: unknown): never => {
    if (!(cause instanceof Error)) throw cause;
    const detail =
      cause instanceof SafetensorsError
        ? `no sound weights file: ${cause.message}`
        : systemTrouble(cause, path);
    throw new WeightsFileError('WEIGHTS_UNREADABLE', path, detail, { cause });
  });
  const description = parseMetadata(path, file.metadata);
  checkTensors(path, file.tensors, description.network);
  // Only now: the layout of a hostile network would take memory that the file's own size does not bound.
  const layout = createLayout(networkTensors(description.network));
  const parameters = float32View(file, 0, file.data.length);
  checkFinite(path, parameters, layout);
  const hashes = { sha256: sha256(file.data), contentSha256: sha256(file.bytes) };
  return { ...description, path, bytes: file.fileBytes, ...hashes, layout, parameters };
}

function checkFinite(path: string, parameters: Float32Array, { tensors }: ParameterLayout): void {
  for (const { name, offset, size } of tensors) {
    // A plain loop: findIndex is many times slower, and this runs over every element.
    for (let index = offset; index < offset + size; index++) {
      if (Number.isFinite(parameters[index])) continue;
      const detail = `${name}: expected finite numbers, received ${parameters[index]}`;
      throw new WeightsFileError('WEIGHTS_NOT_FINITE', path, detail);
    }
  }
}

/** Compares the tensors that lie in the file with those of the network, in order. */
function checkTensors(path: string, found: readonly TensorDescription[], network: NetworkSpec): void {
  const mismatch = tensorMismatch(expectedTensors(network), found, { further: false });
  if (mismatch !== undefined) throw new WeightsFileError('WEIGHTS_NETWORK', path, mismatch);
}

function expectedTensors(network: NetworkSpec): TensorDescription[] {
  return networkTensors(network).map(({ name, shape }) => ({ name, dtype: 'F32', shape }));
}
