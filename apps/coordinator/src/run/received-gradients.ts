import { fromInt16, type GradientCodec } from '@rocinante/codec';
import type { ParameterLayout } from '@rocinante/parameters';
import { rangeElements, WireError, type ContributionRangeMessage } from '@rocinante/wire';

/** What workers send of their gradients, as the numbers that a run computes with. What is no such thing is refused. */
export class ReceivedGradients {
  readonly #layout: ParameterLayout;
  /** Where a range is read that is not kept as it travels; null where it is. */
  readonly #travelled: Int16Array | null;

  /** @param codec what contributions travel as. */
  constructor(layout: ParameterLayout, codec: GradientCodec) {
    this.#layout = layout;
    this.#travelled = codec === 'int16-grid' ? new Int16Array(layout.longestRange) : null;
  }

  /**
   * A report's greatest magnitude of each block, [blocks].
   * @param bytes float32, not aligned.
   * @throws {WireError} MALFORMED: another number of them, or one that is below zero or not finite.
   */
  magnitudes(bytes: Buffer): Float32Array {
    const { blockCount } = this.#layout;
    if (bytes.byteLength !== blockCount * Float32Array.BYTES_PER_ELEMENT) {
      throw new WireError(
        'MALFORMED',
        `report: expected magnitudes of ${blockCount} blocks, received ${bytes.byteLength} bytes`,
      );
    }
    const magnitudes = new Float32Array(Uint8Array.from(bytes).buffer);
    if (!magnitudes.every((magnitude) => magnitude >= 0 && magnitude < Infinity)) {
      throw new WireError('MALFORMED', 'report: expected finite magnitudes, none below zero');
    }
    return magnitudes;
  }

  /**
   * Reads a range of a contribution, in multiples of the grid.
   * @param into [elements of the longest range]; what is behind the message's stays as it was.
   * @throws {WireError} as rangeElements.
   */
  read(message: ContributionRangeMessage, into: Int32Array): void {
    if (this.#travelled === null) return void rangeElements(message, this.#layout, into);
    const values = rangeElements(message, this.#layout, this.#travelled);
    fromInt16(values, into.subarray(0, values.length));
  }
}
