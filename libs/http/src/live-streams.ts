import type { Readable } from 'node:stream';

import type { HttpRefusalCode } from './refusal-codes.js';

/** Why a stream may not go on, and whose it is: what `onDropped` is told. */
export interface StreamRefusal {
  readonly code: HttpRefusalCode;
  readonly message: string;
  readonly client: string | null;
}

/** Answers that are being streamed to whom a guard knows, so that they end when the guard knows him no more. */
export class LiveStreams {
  readonly #judges = new Map<Readable, () => StreamRefusal | null>();
  readonly #dropped: (refusal: StreamRefusal) => void;

  /** @param dropped told of each stream that is ended here. */
  constructor(dropped: (refusal: StreamRefusal) => void) {
    this.#dropped = dropped;
  }

  /** @param judge says why it may not go on; null where it may. Asked at once, too: making the answer took its time. */
  add(body: Readable, judge: () => StreamRefusal | null): void {
    this.#judges.set(body, judge);
    body.once('close', () => this.#judges.delete(body));
    this.#look(body, judge);
  }

  /** Asks once more for all. */
  recheck(): void {
    for (const [body, judge] of [...this.#judges]) this.#look(body, judge);
  }

  #look(body: Readable, judge: () => StreamRefusal | null): void {
    const refusal = judge();
    if (refusal === null) return;
    this.#judges.delete(body);
    body.destroy();
    this.#dropped(refusal);
  }
}
