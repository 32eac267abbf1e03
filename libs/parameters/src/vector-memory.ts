import { bindVectorKernels } from './vector-kernels.js';
import { Memory, type SharedWebAssemblyMemory } from './web-assembly.js';

/** Vectors as they are here: over memory that threads share. */
export type SharedFloat32 = Float32Array<SharedArrayBuffer>;
export type SharedInt32 = Int32Array<SharedArrayBuffer>;

/** So many vectors of so many elements each. */
export interface VectorCount {
  readonly count: number;
  readonly length: number;
}

const PAGE_BYTES = 65_536;

/** 4 GiB but for a page: addresses have 32 bits, and one behind the last vector's end must be an address too. */
const PAGES_MAX = 65_535;

/** What vectors begin at multiples of. The first unit is the memory's own: it has the number of those given away. */
const UNIT_BYTES = 64;

/**
 * Memory for a run's long vectors where SIMD kernels reach them (`kernelsOf`): these are WebAssembly, which reaches its own
 * memory alone. It is shared: another thread takes `shared` by message, and vectors by `here`.
 *
 * What was given away stays so until `clear`: who needs a vector for a while keeps it for the next time. Where there is no room (any more),
 * or no such memory, as beyond 4 GiB or under a limit of addresses (`ulimit -v`), a vector is ordinary shared memory,
 * for which the same is computed without kernels, to the bit.
 *
 * V8 does not count it: one that is dropped stays in memory until each thread that had it happens to collect its garbage. Who needs
 * one after another therefore hands it on where the next run's vectors fit (`holds`).
 */
export class VectorMemory {
  /** What another thread's `VectorMemory.of` takes; null where there is none. */
  readonly shared: SharedWebAssemblyMemory | null;
  readonly #given: Int32Array<SharedArrayBuffer> | null;

  private constructor(shared: SharedWebAssemblyMemory | null) {
    this.shared = shared;
    this.#given = shared && new Int32Array(shared.buffer, 0, 1);
    if (shared) bindVectorKernels(shared);
  }

  /** Room for so many vectors of so many elements each. What is never used of it takes addresses, but no memory. */
  static create(vectors: readonly VectorCount[]): VectorMemory {
    const pages = Math.ceil(bytesOf(vectors) / PAGE_BYTES);
    return new VectorMemory(pages > PAGES_MAX ? null : newMemory(pages));
  }

  /** The same memory in another thread. */
  static of(shared: SharedWebAssemblyMemory | null): VectorMemory {
    return new VectorMemory(shared);
  }

  /** Whether so many vectors fit, once it is cleared. */
  holds(vectors: readonly VectorCount[]): boolean {
    return this.shared !== null && bytesOf(vectors) <= this.shared.buffer.byteLength;
  }

  /** Takes back all that was given away: nobody in any thread may use it any more. What is given from then on is zeros again. */
  clear(): void {
    const given = this.#given;
    if (given === null) return;
    new Uint8Array(given.buffer, UNIT_BYTES, Atomics.load(given, 0) * UNIT_BYTES).fill(0);
    Atomics.store(given, 0, 0);
  }

  /** A vector of zeros. */
  float32(length: number): SharedFloat32 {
    return new Float32Array(...this.#room(length));
  }

  /** A vector of zeros. */
  int32(length: number): SharedInt32 {
    return new Int32Array(...this.#room(length));
  }

  /** A copy of these values. */
  copyOf(values: Float32Array): SharedFloat32 {
    const copy = this.float32(values.length);
    copy.set(values);
    return copy;
  }

  /** One of these vectors that came by message, which gives its memory another identity, as one that kernels know here. */
  here(vector: SharedFloat32): SharedFloat32;
  here(vector: SharedInt32): SharedInt32;
  here(vector: SharedFloat32 | SharedInt32): SharedFloat32 | SharedInt32 {
    const { shared } = this;
    // One that found no room has memory of just its own length, which is less.
    if (shared === null || vector.buffer.byteLength !== shared.buffer.byteLength) return vector;
    const { byteOffset, length } = vector;
    return vector instanceof Int32Array
      ? new Int32Array(shared.buffer, byteOffset, length)
      : new Float32Array(shared.buffer, byteOffset, length);
  }

  #room(length: number): [SharedArrayBuffer, number, number] {
    const given = this.#given;
    const units = unitsOf(length);
    while (given !== null) {
      const first = Atomics.load(given, 0) + 1;
      if ((first + units) * UNIT_BYTES > given.buffer.byteLength) break;
      if (Atomics.compareExchange(given, 0, first - 1, first - 1 + units) === first - 1)
        return [given.buffer, first * UNIT_BYTES, length];
    }
    return [new SharedArrayBuffer(length * 4), 0, length];
  }
}

function unitsOf(length: number): number {
  return Math.ceil((length * 4) / UNIT_BYTES);
}

function bytesOf(vectors: readonly VectorCount[]): number {
  return UNIT_BYTES * vectors.reduce((sum, { count, length }) => sum + count * unitsOf(length), 1);
}

/** Null where the machine has not so many addresses. */
function newMemory(pages: number): SharedWebAssemblyMemory | null {
  try {
    return new Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
