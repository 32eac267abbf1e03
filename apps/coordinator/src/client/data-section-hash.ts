import { createHash } from 'node:crypto';
import { PREFIX_BYTES } from '@rocinante/weights';

/** The SHA-256 of a safetensors file's data section, from the file's pieces as they come: what a run calls its weights' hash. */
export class DataSectionHash {
  readonly #hash = createHash('sha256');
  /** The file's first bytes, until the header's length is known. */
  #prefix = Buffer.alloc(0);
  /** Bytes of the header that are still to come. */
  #headerLeft: number | null = null;

  update(piece: Buffer): void {
    let rest = piece;
    if (this.#headerLeft === null) {
      const missing = PREFIX_BYTES - this.#prefix.length;
      this.#prefix = Buffer.concat([this.#prefix, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#prefix.length < PREFIX_BYTES) return;
      this.#headerLeft = Number(this.#prefix.readBigUInt64LE());
    }
    const skipped = Math.min(this.#headerLeft, rest.length);
    this.#headerLeft -= skipped;
    this.#hash.update(rest.subarray(skipped));
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
