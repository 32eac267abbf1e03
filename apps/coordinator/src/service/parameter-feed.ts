import type { ParameterLayout } from '@rocinante/parameters';
import { assert } from '@rocinante/base';
import { encodeParametersRange, limits, parametersRoom } from '@rocinante/wire';

interface Version {
  readonly number: number;
  readonly vector: Float32Array;
  /** Which ranges may be sent, by index. */
  readonly made: boolean[];
  /** The CRC-32 of each range's bytes when it was made; null where it is not known. */
  readonly checksums: (number | null)[];
}

/** A range in the form in which it travels, and the memory that it is in. */
interface Encoded {
  readonly room: Buffer;
  version: number;
  range: number;
  message: Buffer;
}

/**
 * The parameters as workers may have them: the last closed version, and the one in the making, range by range.
 *
 * A version's number only grows and is never used again, so a version whose step was issued again is forgotten for good.
 */
export class ParameterFeed {
  readonly #layout: ParameterLayout;
  #closed: Version | null = null;
  #making: Version | null = null;
  #lastNumber: number;
  /** The ranges encoded last: workers that take a version beside each other are seldom further apart. */
  readonly #encoded: Encoded[] = [];

  /** @param firstNumber the first version's: higher than any that workers heard of before. */
  constructor(layout: ParameterLayout, firstNumber: number) {
    this.#layout = layout;
    this.#lastNumber = firstNumber - 1;
  }

  get rangeCount(): number {
    return this.#layout.ranges.length;
  }

  /** The version to compute with now. */
  get closedVersion(): number {
    assert(this.#closed !== null, 'there is no closed version before publish');
    return this.#closed.number;
  }

  /** The version that the step in progress makes; null before its first range. */
  get makingVersion(): number | null {
    return this.#making?.number ?? null;
  }

  /** Publishes a whole vector: what a run starts from. */
  publish(vector: Float32Array): void {
    this.#closed = this.#version(vector, true);
  }

  /**
   * A range of the next vector is made.
   * @param checksum the CRC-32 of its bytes, so that it travels with what it was when it was made; null where it is not known.
   */
  made(vector: Float32Array, range: number, checksum: number | null): void {
    this.#making ??= this.#version(vector, false);
    this.#making.made[range] = true;
    this.#making.checksums[range] = checksum;
  }

  /** What was made is void: the step is issued again. */
  discard(): void {
    this.#making = null;
  }

  /** The next vector is whole, and its step closed. */
  close(): void {
    assert(this.#making?.made.every(Boolean) === true, 'a version is closed with all its ranges made');
    this.#closed = this.#making;
    this.#making = null;
  }

  /** Whether a range is made; never of a version that is gone. */
  isMade(version: number, range: number): boolean {
    return this.#find(version)?.made[range] ?? false;
  }

  /**
   * A range that is made, as it travels, until the next call: it is encoded in memory that is used again and again, since V8
   * marks its whole heap for every 64 MB that outlive a few messages.
   */
  encoded(version: number, range: number): Buffer {
    const slot = (this.#encoded[range % limits.CREDITS_OUTSTANDING_MAX] ??= this.#slot());
    if (slot.version !== version || slot.range !== range) {
      const { vector, made, checksums } = this.#find(version)!;
      assert(made[range], `range ${range} of version ${version} is not made`);
      const place = this.#layout.ranges[range];
      slot.message = encodeParametersRange(version, vector, place, checksums[range], slot.room);
      slot.version = version;
      slot.range = range;
    }
    return slot.message;
  }

  #find(version: number): Version | null | undefined {
    return [this.#closed, this.#making].find((candidate) => candidate?.number === version);
  }

  #slot(): Encoded {
    const room = parametersRoom(this.#layout);
    return { room, version: -1, range: -1, message: room };
  }

  #version(vector: Float32Array, made: boolean): Version {
    const count = this.#layout.ranges.length;
    return {
      number: ++this.#lastNumber,
      vector,
      made: new Array<boolean>(count).fill(made),
      checksums: new Array<number | null>(count).fill(null),
    };
  }
}
