/** A checkpoint as a file: written whole or not at all, its hashes taken on the way; verified when read. */
import { createHash } from 'node:crypto';
import { assert, bytesOf, quoted, sha256, systemTrouble } from '@rocinante/base';
import {
  WRITE_CHUNK_BYTES,
  float32View,
  readSafetensorsFile,
  SafetensorsError,
  writeAtomically,
  type OpenWritable,
  type SafetensorsFile,
} from '@rocinante/weights';
import type { Checkpoint } from './checkpoint.js';
import {
  checkFormat,
  HASH_ENTRY,
  HASH_PLACEHOLDER,
  decodeCheckpointHeader,
  encodeCheckpointHeader,
} from './checkpoint-header.js';
import type { VectorHashes } from './checkpoint-store.js';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  NonFiniteCheckpointError,
  UnreadableCheckpointError,
} from './errors.js';

/** The vectors of a checkpoint in the order of the file, with the prefix of their tensors' names, and the hash that has them. */
const VECTORS = [
  { prefix: '', hash: 'parameters', vector: (checkpoint: Checkpoint): Float32Array => checkpoint.parameters },
  { prefix: 'adam/m/', hash: 'moments', vector: (checkpoint: Checkpoint): Float32Array => checkpoint.m },
  { prefix: 'adam/v/', hash: 'moments', vector: (checkpoint: Checkpoint): Float32Array => checkpoint.v },
] as const;

export interface WriteOptions {
  /** Whether the vectors' own hashes are taken too; not without it. */
  readonly hashed?: boolean | undefined;
  /** Opens the file; of the real file system without it. */
  readonly openFile?: OpenWritable | undefined;
}

/** What was written: the file's bytes, and the vectors' hashes where they were asked for. */
export interface WrittenCheckpoint {
  readonly bytes: number;
  readonly hashes: VectorHashes | null;
}

/**
 * Writes a checkpoint. The path holds what it held before until the new file is whole and on the disk. All is done in one
 * pass over the vectors, and takes no memory beside them but the header's.
 * @throws {NonFiniteCheckpointError} something in it is not finite. Nothing is left behind.
 * @throws {CheckpointWriteError} the disk did not take it. Nothing is left behind.
 */
export async function writeCheckpointFile(
  path: string,
  checkpoint: Checkpoint,
  best: boolean,
  { hashed = false, openFile }: WriteOptions = {},
): Promise<WrittenCheckpoint> {
  const { layout, magnitudes } = checkpoint;
  for (const { prefix, vector } of VECTORS) {
    const { length } = vector(checkpoint);
    assert(length === layout.length, `${prefix}: expected ${layout.length} elements, received ${length}`);
  }
  assert(magnitudes.length === layout.blockCount, `expected ${layout.blockCount} magnitudes`);

  const header = encodeCheckpointHeader(checkpoint, best);
  const bytes =
    header.length + bytesOf(checkpoint.parameters).length * VECTORS.length + magnitudes.byteLength;
  const own = { parameters: createHash('sha256'), moments: createHash('sha256') };
  try {
    await writeAtomically(
      path,
      async (file) => {
        const hash = createHash('sha256').update(header);
        let position = header.length;
        for (const { part, of } of finiteParts(checkpoint)) {
          hash.update(part);
          if (hashed && of !== null) own[of].update(part);
          await file.write(part, position);
          position += part.length;
        }
        await file.write(withHash(header, hash.digest('hex')), 0);
      },
      openFile,
    );
  } catch (error) {
    if (error instanceof NonFiniteCheckpointError) throw error;
    throw new CheckpointWriteError(path, error);
  }
  const hashes = { parameters: own.parameters.digest('hex'), moments: own.moments.digest('hex') };
  return { bytes, hashes: hashed ? hashes : null };
}

/**
 * Reads a checkpoint and verifies every byte of it.
 * @param name names it in errors.
 * @throws {DamagedCheckpointError} it is not there, or not the file that was written.
 * @throws {UnreadableCheckpointError} it cannot be read now, whatever is in it.
 */
export async function readCheckpointFile(path: string, name = path): Promise<Checkpoint> {
  const file = await readSafetensorsFile(path).catch((cause: unknown): never => {
    const about = [name, systemTrouble(cause, path), { cause }] as const;
    if (isUnreadable(cause)) throw new UnreadableCheckpointError(...about);
    throw isDamage(cause) ? new DamagedCheckpointError(...about) : cause;
  });
  checkFormat(name, file);
  verifyHash(name, file);
  const { state, layout } = decodeCheckpointHeader(name, file);
  const vectorBytes = layout.length * Float32Array.BYTES_PER_ELEMENT;
  const view = (index: number): Float32Array =>
    float32View(file, index * vectorBytes, (index + 1) * vectorBytes);
  const magnitudesBegin = VECTORS.length * vectorBytes;
  return {
    ...state,
    layout,
    parameters: view(0),
    m: view(1),
    v: view(2),
    magnitudes: float32View(file, magnitudesBegin, magnitudesBegin + layout.blockCount * 4),
  };
}

/**
 * Whether an error of reading says nothing of the file: the system refused a call, or there is no memory for it (a
 * `RangeError`), or somebody writes it. One that is not there is not unreadable.
 */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof SafetensorsError) return error.code === 'SAFETENSORS_CHANGED';
  const { syscall, code } = error as NodeJS.ErrnoException;
  return error instanceof RangeError || (syscall !== undefined && code !== 'ENOENT');
}

/** Whether an error of reading says that the file is not the one that was written, or is not there. Any further one is ours. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SafetensorsError) return !isUnreadable(error);
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** A piece of the data section, and which of the vectors' hashes has it; null for none. */
interface Part {
  readonly part: Uint8Array;
  readonly of: keyof VectorHashes | null;
}

/** The data section in pieces, each checked to be finite before it is handed out. */
function* finiteParts(checkpoint: Checkpoint): Generator<Part> {
  const { layout, magnitudes, step } = checkpoint;
  const chunk = WRITE_CHUNK_BYTES / Float32Array.BYTES_PER_ELEMENT;
  for (const { prefix, hash, vector } of VECTORS) {
    const values = vector(checkpoint);
    for (let start = 0; start < values.length; start += chunk) {
      const part = values.subarray(start, start + chunk);
      const wrong = nonFiniteIndex(part);
      if (wrong !== -1) {
        const tensor = layout.tensors.find(({ offset, size }) => start + wrong < offset + size)!;
        throw new NonFiniteCheckpointError(step, prefix + tensor.name);
      }
      yield { part: bytesOf(part), of: hash };
    }
  }
  if (nonFiniteIndex(magnitudes) !== -1) throw new NonFiniteCheckpointError(step, 'grid/magnitudes');
  yield { part: bytesOf(magnitudes), of: null };
}

function nonFiniteIndex(values: Float32Array): number {
  // A plain loop: findIndex is many times slower, and this runs over every element.
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}

/** Where the hash's digits stand: behind the 8 bytes of the length and the text that every checkpoint begins with. */
const HASH_BEGIN = 8 + `{"__metadata__":{"${HASH_ENTRY}":"`.length;
const HASH_END = HASH_BEGIN + HASH_PLACEHOLDER.length;

/** A copy of the header with these digits for its hash. */
function withHash(header: Uint8Array, digits: string): Uint8Array {
  const copy = header.slice();
  copy.set(new TextEncoder().encode(digits), HASH_BEGIN);
  return copy;
}

/** Takes the whole file's hash, with zeros for the hash's own digits, and compares it with them. */
function verifyHash(
  name: string,
  { bytes, metadata }: SafetensorsFile & { readonly bytes: Uint8Array },
): void {
  const expected = metadata[HASH_ENTRY] ?? 'none';
  const digits = bytes.subarray(HASH_BEGIN, HASH_END);
  if (digits.length < HASH_PLACEHOLDER.length) {
    throw new DamagedCheckpointError(
      name,
      `expected contents with a hash, received a file of ${bytes.length} bytes`,
    );
  }
  const standing = new TextDecoder().decode(digits);
  digits.set(new TextEncoder().encode(HASH_PLACEHOLDER));
  const received = sha256(bytes);
  if (expected !== received || standing !== expected) {
    throw new DamagedCheckpointError(
      name,
      `expected contents of SHA-256 ${quoted(expected)}, received ${received}: bytes have changed`,
    );
  }
}
