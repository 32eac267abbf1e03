import type { ErrorCode } from '@rocinante/base';
import type { Normalisation } from '@rocinante/corpus';

/** What the encoding thread is given when it is started. */
export interface EncodeRequest {
  /** The text as it is in its file; handed over, not copied. */
  readonly bytes: Uint8Array;
  readonly normalisation: Normalisation;
  /** What messages call the text. */
  readonly subject: string;
  /** Symbols that ids are given by, in their order; null for those of the text. */
  readonly symbols: readonly string[] | null;
}

/** An encoded text on its way between threads: its ids lie in shared memory. */
export interface EncodeAnswer {
  readonly ids: Uint8Array | Uint16Array | Uint32Array;
  readonly symbols: readonly string[];
  readonly textSha256: string;
  readonly idsSha256: string;
  /** The most frequent words, for whole-word sampling. */
  readonly words: readonly string[];
}

/** Why there is none: an error crosses threads as its parts. */
export interface EncodeFailure {
  readonly code: ErrorCode;
  readonly exitCode: 1 | 2;
  readonly message: string;
}
