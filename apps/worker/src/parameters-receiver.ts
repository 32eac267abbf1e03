import { fromBfloat16, type ParameterCodec } from '@rocinante/codec';
import type { ParameterLayout } from '@rocinante/parameters';
import { decodeRange, limits, rangeElements, WireError, type ParametersRangeMessage } from '@rocinante/wire';

/** A version of the parameters, whole: in shared memory, so that the engine's thread reads it in place. */
export interface WholeParameters {
  readonly version: number;
  readonly vector: Float32Array<SharedArrayBuffer>;
}

/**
 * Collects ranges of parameters into whole versions.
 *
 * Two vectors take turns: the last whole version stays as it is while the next one arrives.
 */
export class ParametersReceiver {
  readonly #layout: ParameterLayout;
  readonly #vectors: [Float32Array<SharedArrayBuffer>, Float32Array<SharedArrayBuffer>];
  /** Where a range of bfloat16 is read; null where ranges travel as they are kept. */
  readonly #rounded: Uint16Array | null;
  #arriving = { version: -1, nextRange: 0 };
  #whole: WholeParameters | null = null;
  #waiting: { version: number; resolve: (whole: WholeParameters | null) => void }[] = [];

  constructor(layout: ParameterLayout, codec: ParameterCodec) {
    this.#layout = layout;
    this.#rounded = codec === 'bfloat16' ? new Uint16Array(layout.longestRange) : null;
    const vector = (): Float32Array<SharedArrayBuffer> =>
      new Float32Array(new SharedArrayBuffer(layout.length * Float32Array.BYTES_PER_ELEMENT));
    this.#vectors = [vector(), vector()];
  }

  /** How many ranges the coordinator may send before it hears more. */
  static readonly initialCredit = limits.CREDITS_OUTSTANDING_MAX;

  /**
   * Takes one range.
   * @throws {WireError} MALFORMED (out of order, another length) or CHECKSUM_MISMATCH.
   */
  receive(message: ParametersRangeMessage): void {
    if (message.version !== this.#arriving.version)
      this.#arriving = { version: message.version, nextRange: 0 };
    const { version, nextRange } = this.#arriving;
    if (message.range !== nextRange) {
      throw new WireError(
        'MALFORMED',
        `parameters ${version}: expected range ${nextRange}, received ${message.range}`,
      );
    }
    this.#read(message, this.#vectors[0]);
    this.#arriving.nextRange += 1;
    if (this.#arriving.nextRange === this.#layout.ranges.length) this.#complete(version);
  }

  /**
   * The named version, as soon as it is whole; null once a later one is: what this one was for is over, and the rest of it
   * does not come any more. Never settles when the session ends before.
   */
  whole(version: number): Promise<WholeParameters | null> {
    if (this.#whole?.version === version) return Promise.resolve(this.#whole);
    if (this.#whole !== null && this.#whole.version > version) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting.push({ version, resolve }));
  }

  /** @throws {WireError} as decodeRange. */
  #read(message: ParametersRangeMessage, vector: Float32Array): void {
    if (this.#rounded === null) return decodeRange(message, this.#layout, vector);
    const values = rangeElements(message, this.#layout, this.#rounded);
    const { start, end } = this.#layout.ranges[message.range];
    fromBfloat16(values, vector.subarray(start, end));
  }

  #complete(version: number): void {
    const [vector, other] = this.#vectors;
    this.#vectors.splice(0, 2, other, vector);
    const whole = { version, vector };
    this.#whole = whole;
    this.#arriving = { version: -1, nextRange: 0 };
    const settled = this.#waiting.filter((waiter) => waiter.version <= version);
    this.#waiting = this.#waiting.filter((waiter) => waiter.version > version);
    for (const waiter of settled) waiter.resolve(waiter.version === version ? whole : null);
  }
}
