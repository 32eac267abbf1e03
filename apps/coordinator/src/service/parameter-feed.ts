import { assert, crc32 } from '@rocinante/base';
import { toBfloat16, type ParameterCodec } from '@rocinante/codec';
import type { ParameterLayout } from '@rocinante/parameters';
import { encodeParametersRange, parametersRoom } from '@rocinante/wire';

interface Version {
  readonly number: number;
  readonly vector: Float32Array;
  /** As it travels, as far as ranges were asked for: the vector itself, or rounded. */
  readonly sent: Float32Array | Uint16Array;
  /** Which ranges may be sent, by index. */
  readonly made: boolean[];
  /** The CRC-32 of each range's bytes as they travel; null where it is not known yet. */
  readonly checksums: (number | null)[];
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
  /** Where ranges are encoded, and what is there now. */
  readonly #room: Buffer;
  #encoded: { readonly version: number; readonly range: number; readonly message: Buffer } | null = null;

  /** Of `bfloat16`, vectors for two versions, that take turns; of `float32` none. */
  readonly #rounded: Uint16Array[];

  /** @param firstNumber the first version's: higher than any that workers heard of before. */
  constructor(layout: ParameterLayout, firstNumber: number, codec: ParameterCodec) {
    this.#layout = layout;
    this.#rounded =
      codec === 'bfloat16' ? [new Uint16Array(layout.length), new Uint16Array(layout.length)] : [];
    this.#room = parametersRoom(layout);
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
   * @param checksum the CRC-32 of its float32 bytes, so that these travel with what they were when they were made; null where
   *   it is not known.
   */
  made(vector: Float32Array, range: number, checksum: number | null): void {
    this.#making ??= this.#version(vector, false);
    this.#making.made[range] = true;
    this.#making.checksums[range] = this.#making.sent === vector ? checksum : null;
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

  /** Whether that version is the closed one, or in the making. */
  has(version: number): boolean {
    return this.#find(version) !== undefined;
  }

  /** Whether a range is made; never of a version that is gone. */
  isMade(version: number, range: number): boolean {
    return this.#find(version)?.made[range] ?? false;
  }

  /**
   * A range that is made, as it travels: until the next call, since all are encoded in the same room. Workers that take a range
   * one straight after another are given what was encoded for the first.
   */
  encoded(version: number, range: number): Buffer {
    if (this.#encoded?.version === version && this.#encoded.range === range) return this.#encoded.message;
    const { vector, sent, made, checksums } = this.#find(version)!;
    assert(made[range], `range ${range} of version ${version} is not made`);
    const { start, end } = this.#layout.ranges[range];
    if (sent instanceof Uint16Array && checksums[range] === null) {
      toBfloat16(vector.subarray(start, end), sent.subarray(start, end));
    }
    const checksum = (checksums[range] ??= crc32(sent.subarray(start, end)));
    const message = encodeParametersRange(version, sent, this.#layout.ranges[range], checksum, this.#room);
    this.#encoded = { version, range, message };
    return message;
  }

  #find(version: number): Version | undefined {
    return [this.#closed, this.#making].find((candidate) => candidate?.number === version) ?? undefined;
  }

  #version(vector: Float32Array, made: boolean): Version {
    const count = this.#layout.ranges.length;
    // The other one is the closed version's, if that has one.
    const sent = this.#rounded.find((candidate) => candidate !== this.#closed?.sent) ?? vector;
    return {
      number: ++this.#lastNumber,
      vector,
      sent,
      made: new Array<boolean>(count).fill(made),
      checksums: new Array<number | null>(count).fill(null),
    };
  }
}
