/** The safetensors format, as README.md specifies it: a JSON header, then the tensors' bytes without gaps. */
import { assert, quoted } from '@rocinante/base';
import { SafetensorsError } from './errors.js';
import { headerTextProblem } from './header-text.js';

/** Bytes of an element, by dtype. */
const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;
export type Dtype = keyof typeof DTYPE_BYTES;

/** Bytes before the header: its length, a little-endian uint64. */
export const PREFIX_BYTES = 8;

/**
 * Bytes of a header at most: room for a vocabulary of a million words and a long loss history, and less than the 100 MB
 * at which the format's other readers stop.
 */
export const HEADER_BYTES_MAX = 32 * 1024 * 1024;

/** Dimensions of a tensor at most: what the tools that write such files have at most. */
const DIMENSIONS_MAX = 64;

/** A tensor as a header announces it. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A tensor with its place in the data section: bytes [begin, end). */
export interface PlacedTensor extends TensorDescription {
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly tensors: readonly PlacedTensor[];
  /** Where the data section begins, in bytes from the file's start; a multiple of 8 in files that we write. */
  readonly dataStart: number;
  /** Bytes of the whole file. */
  readonly fileBytes: number;
}

export interface SafetensorsFile extends SafetensorsHeader {
  /** The data section: a view of the bytes given, not a copy. */
  readonly data: Uint8Array;
}

/**
 * The bytes that precede the data section: the header's length and the header, metadata first.
 *
 * The tensors lie in the given order without gaps. The header is padded with spaces to a multiple of 8 bytes, so that
 * the data section is aligned for any dtype.
 * @throws {SafetensorsError} `SAFETENSORS_HEADER`: it would be longer than readers accept.
 */
export function encodeHeader(
  tensors: readonly TensorDescription[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  let begin = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = begin + tensorBytes(dtype, shape);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  assert(new Set(entries.map(([name]) => name)).size === entries.length, 'names of tensors must differ');
  // Written entry by entry: an object would move names that look like numbers to the front.
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > HEADER_BYTES_MAX) {
    throw new SafetensorsError(
      'SAFETENSORS_HEADER',
      `header: expected at most ${HEADER_BYTES_MAX} bytes, but the metadata makes it ${length}`,
    );
  }
  const bytes = new Uint8Array(PREFIX_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, PREFIX_BYTES);
  return bytes;
}

/**
 * Reads the length of the header from a file's first 8 bytes, before anything is allocated for it.
 * @throws {SafetensorsError} fewer bytes, a length beyond the limit, or one beyond the file.
 */
export function decodeHeaderLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < PREFIX_BYTES || fileBytes < PREFIX_BYTES) {
    throw new SafetensorsError(
      'SAFETENSORS_CUT',
      `expected at least ${PREFIX_BYTES} bytes, received ${Math.min(prefix.length, fileBytes)}`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > HEADER_BYTES_MAX) {
    throw new SafetensorsError(
      'SAFETENSORS_HEADER',
      `header: expected at most ${HEADER_BYTES_MAX} bytes, received a length of ${length}: this is no safetensors file`,
    );
  }
  if (PREFIX_BYTES + Number(length) > fileBytes) {
    throw new SafetensorsError(
      'SAFETENSORS_CUT',
      `header: expected ${length} bytes, received ${fileBytes - PREFIX_BYTES}: the file is cut`,
    );
  }
  return Number(length);
}

/**
 * Reads a header's JSON and checks it against the file's size: every byte of the data section belongs to one tensor.
 * @param header the bytes after the prefix, as many as it says.
 * @throws {SafetensorsError} with a line that names the tensor or entry.
 */
export function decodeHeader(header: Uint8Array, fileBytes: number): SafetensorsHeader {
  const dataStart = PREFIX_BYTES + header.length;
  const dataBytes = fileBytes - dataStart;
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>;
  const tensors: PlacedTensor[] = [];
  for (const [name, value] of Object.entries(parseHeaderObject(header))) {
    if (name === '__metadata__') Object.assign(metadata, checkedMetadata(value));
    else tensors.push(checkedTensor(name, value));
  }
  // A tensor without elements takes no bytes, and may share its place with the start of the next one.
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== covered) {
      throw new SafetensorsError(
        'SAFETENSORS_OFFSETS',
        `${quoted(name)}: expected to begin at byte ${covered}, received ${begin}: tensors ${begin < covered ? 'overlap' : 'leave a gap'}`,
      );
    }
    covered = end;
  }
  if (covered > dataBytes) {
    throw new SafetensorsError(
      'SAFETENSORS_CUT',
      `data: expected ${covered} bytes, received ${dataBytes}: the file is cut`,
    );
  }
  if (covered < dataBytes) {
    throw new SafetensorsError(
      'SAFETENSORS_OFFSETS',
      `data: expected ${covered} bytes, received ${dataBytes}: bytes that belong to no tensor`,
    );
  }
  return { metadata, tensors, dataStart, fileBytes };
}

/**
 * Reads a whole file's bytes.
 * @throws {SafetensorsError} the bytes are not a sound safetensors file.
 */
export function parseSafetensors(bytes: Uint8Array): SafetensorsFile {
  const headerLength = decodeHeaderLength(bytes.subarray(0, PREFIX_BYTES), bytes.length);
  const header = decodeHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength), bytes.length);
  return { ...header, data: bytes.subarray(header.dataStart) };
}

/**
 * The first tensor that is not the one expected in its place, in one line; undefined where all are.
 * @param options.further whether more tensors may stand behind those expected.
 */
export function tensorMismatch(
  expected: readonly TensorDescription[],
  received: readonly TensorDescription[],
  { further }: { readonly further: boolean },
): string | undefined {
  for (const [index, want] of expected.entries()) {
    const have = received[index];
    const same =
      have !== undefined &&
      have.name === want.name &&
      have.dtype === want.dtype &&
      have.shape.length === want.shape.length &&
      have.shape.every((dimension, axis) => dimension === want.shape[axis]);
    if (!same)
      return `expected ${describeTensor(want)}, received ${have ? describeTensor(have) : 'no tensor'}`;
  }
  const extra = received[expected.length];
  return further || extra === undefined
    ? undefined
    : `expected no further tensor, received ${describeTensor(extra)}`;
}

function describeTensor({ name, dtype, shape }: TensorDescription): string {
  return `${quoted(name)} ${dtype} ${quoted(shape)}`;
}

/** A run of float32 elements of the data section: a view where its memory is aligned, and else a copy. */
export function float32View(file: SafetensorsFile, begin: number, end: number): Float32Array {
  const { data } = file;
  assert(
    begin >= 0 && end <= data.length && (end - begin) % 4 === 0,
    `bytes ${begin} to ${end} are no float32 run`,
  );
  const offset = data.byteOffset + begin;
  return offset % 4 === 0
    ? new Float32Array(data.buffer, offset, (end - begin) / 4)
    : new Float32Array(data.slice(begin, end).buffer);
}

function tensorBytes(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, DTYPE_BYTES[dtype]);
}

function parseHeaderObject(header: Uint8Array): object {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new SafetensorsError('SAFETENSORS_HEADER', 'header: expected UTF-8, received other bytes', {
      cause,
    });
  }
  const problem = headerTextProblem(text);
  if (problem !== undefined) throw new SafetensorsError('SAFETENSORS_HEADER', `header: ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError('SAFETENSORS_HEADER', 'header: expected JSON, received other text', { cause });
  }
  if (!isPlainObject(value) || !text.startsWith('{')) {
    throw new SafetensorsError('SAFETENSORS_HEADER', 'header: expected one JSON object that begins at once');
  }
  return value;
}

function checkedMetadata(value: unknown): Record<string, string> {
  if (!isPlainObject(value) || !Object.values(value).every((entry) => typeof entry === 'string')) {
    throw new SafetensorsError('SAFETENSORS_HEADER', '__metadata__: expected an object of strings');
  }
  return value as Record<string, string>;
}

function checkedTensor(name: string, value: unknown): PlacedTensor {
  if (!isPlainObject(value)) {
    throw new SafetensorsError(
      'SAFETENSORS_TENSOR',
      `${quoted(name)}: expected an object with dtype, shape, data_offsets`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !isDtype(dtype)) {
    throw new SafetensorsError(
      'SAFETENSORS_TENSOR',
      `${quoted(name)}: expected a dtype of ${Object.keys(DTYPE_BYTES).join(', ')}, received ${quoted(dtype)}`,
    );
  }
  if (!isArrayOfCounts(shape)) {
    throw new SafetensorsError(
      'SAFETENSORS_TENSOR',
      `${quoted(name)}: expected a shape of whole numbers, received ${quoted(shape)}`,
    );
  }
  if (shape.length > DIMENSIONS_MAX) {
    throw new SafetensorsError(
      'SAFETENSORS_TENSOR',
      `${quoted(name)}: expected at most ${DIMENSIONS_MAX} dimensions, received ${shape.length}`,
    );
  }
  if (!isArrayOfCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new SafetensorsError(
      'SAFETENSORS_OFFSETS',
      `${quoted(name)}: expected data_offsets [begin, end], received ${quoted(offsets)}`,
    );
  }
  const [begin, end] = [offsets[0], offsets[1]];
  const expected = tensorBytes(dtype, shape);
  if (end - begin !== expected) {
    const some = Number.isSafeInteger(expected) ? `${expected} bytes` : 'more bytes than a file has';
    throw new SafetensorsError(
      'SAFETENSORS_TENSOR',
      `${quoted(name)}: expected ${some} for ${dtype} ${quoted(shape)}, received ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BYTES, name);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isArrayOfCounts(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && (entry as number) >= 0)
  );
}
