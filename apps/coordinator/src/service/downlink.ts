import type { ServerWritableStream } from '@grpc/grpc-js';
import { limits, WireError, type ParametersRequestMessage } from '@rocinante/wire';
import type { ParameterFeed } from './parameter-feed.js';

/** Sends one worker the parameters it needs, range by range, each against a credit. */
export class Downlink {
  readonly #feed: ParameterFeed;
  readonly #rangeCount: number;
  #stream: ServerWritableStream<ParametersRequestMessage, Buffer> | null = null;
  #credits = 0;
  #version = -1;
  #nextRange = 0;

  constructor(feed: ParameterFeed, rangeCount: number) {
    this.#feed = feed;
    this.#rangeCount = rangeCount;
  }

  attach(stream: ServerWritableStream<ParametersRequestMessage, Buffer>): void {
    this.#stream = stream;
    this.pump();
  }

  /** @throws {WireError} MALFORMED: more credit than a worker may have outstanding. */
  addCredits(ranges: number): void {
    this.#credits += ranges;
    if (this.#credits > limits.CREDITS_OUTSTANDING_MAX) {
      throw new WireError(
        'MALFORMED',
        `credits: expected at most ${limits.CREDITS_OUTSTANDING_MAX} outstanding, received ${this.#credits}`,
      );
    }
    this.pump();
  }

  /** This worker computes with that version: send it, unless it is sent or on its way. */
  need(version: number): void {
    if (this.#version === version) return;
    this.#version = version;
    this.#nextRange = 0;
    this.pump();
  }

  /** The worker will probably need that version next: send what is made of it once the last one is out. */
  follow(version: number): void {
    if (this.#version !== version && this.#version !== -1 && this.#nextRange < this.#rangeCount) return;
    this.need(version);
    this.pump();
  }

  /** Sends what is made, as far as the credits go. */
  pump(): void {
    while (this.#stream && this.#credits > 0 && this.#nextRange < this.#rangeCount) {
      const range = this.#feed.range(this.#version, this.#nextRange);
      if (range === null) return;
      this.#stream.write(range);
      this.#nextRange += 1;
      this.#credits -= 1;
    }
  }

  end(): void {
    this.#stream?.end();
    this.#stream = null;
  }
}
