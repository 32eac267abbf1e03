import type { ServerWritableStream } from '@grpc/grpc-js';
import { limits, WireError, type ParametersRequestMessage } from '@rocinante/wire';
import { LinkPace } from './link-pace.js';
import type { ParameterFeed } from './parameter-feed.js';
import { READER_STALL_MS } from './stream-room.js';

/**
 * Sends one worker the parameters it needs, range by range, each against a credit and no more at once than its link takes in a
 * short time (`LinkPace`). Credits outlast a run.
 */
export class Downlink {
  #feed: ParameterFeed | null = null;
  #rangeCount = 0;
  #stream: ServerWritableStream<ParametersRequestMessage, Buffer> | null = null;
  /** Whether there was a stream ever. */
  #attached = false;
  /** Whether the range written last has not left yet. */
  #writing = false;
  #credits = 0;
  #version = -1;
  #nextRange = 0;
  /** The version before, where all of it was sent: the worker keeps it until this one is whole. */
  #before = -1;
  /** Ranges that were written, and whose credit is not back: the worker does not have them yet. */
  readonly #pace: LinkPace;
  #received: (() => void) | null = null;
  readonly #onStall: () => void;
  #stall: NodeJS.Timeout | null = null;

  /** @param onStall told where parameters have waited for READER_STALL_MS: for a credit, or for the range before to leave. */
  constructor(onStall: () => void = () => undefined, pace = new LinkPace()) {
    this.#onStall = onStall;
    this.#pace = pace;
  }

  /**
   * The stream to send on.
   * @throws {WireError} MALFORMED: a second one. What the first one lost is not known, so it could not be sent again.
   */
  attach(stream: ServerWritableStream<ParametersRequestMessage, Buffer>): void {
    if (this.#attached) throw new WireError('MALFORMED', 'asked for its parameters twice in a session');
    this.#attached = true;
    this.#stream = stream;
    this.pump();
  }

  /** Whether an exchange waits for the link rather than for processors. */
  get isSlow(): boolean {
    return this.#pace.isSlow;
  }

  /** The stream is gone. */
  detach(): void {
    this.#stream = null;
  }

  /** Takes parameters from a run's feed from now on, or with null from none. */
  serve(feed: ParameterFeed | null): void {
    this.#feed = feed;
    this.#rangeCount = feed?.rangeCount ?? 0;
    this.#version = -1;
    this.#nextRange = 0;
    this.#before = -1;
    this.#received = null;
    this.#pace.forget();
    this.#moved();
  }

  /** @throws {WireError} MALFORMED: no credit at all, or more than a worker may have outstanding. */
  addCredits(ranges: number): void {
    if (ranges === 0) throw new WireError('MALFORMED', 'credits: expected at least 1, received 0');
    this.#credits += ranges;
    if (this.#credits > limits.CREDITS_OUTSTANDING_MAX) {
      throw new WireError(
        'MALFORMED',
        `credits: expected at most ${limits.CREDITS_OUTSTANDING_MAX} outstanding, received ${this.#credits}`,
      );
    }
    // A worker gives a credit back for each range that it has taken; what it has more than that, it began with.
    this.#pace.taken(ranges, performance.now());
    this.pump();
  }

  /**
   * This worker computes with that version: send it, unless it is sent or on its way.
   * @param received told once, when the worker has its last range; at once where it has.
   */
  need(version: number, received?: () => void): void {
    if (version === this.#before) {
      // Others' work, while the next version comes already: that goes on where it is, unless it was abandoned.
      if (this.#feed?.has(this.#version) === false) {
        this.#version = version;
        this.#nextRange = this.#rangeCount;
      }
      return received?.();
    }
    if (this.#version !== version) {
      this.#version = version;
      this.#nextRange = 0;
    }
    this.#received = received ?? null;
    this.pump();
  }

  /** The worker will probably need that version next: send what is made of it once the last one is out, and known to be there. */
  follow(version: number): void {
    if (this.#version === version) return this.pump();
    const isOut = this.#nextRange === this.#rangeCount && this.#received === null;
    if (this.#version !== -1 && !isOut) return;
    this.#before = this.#version;
    this.need(version);
  }

  /**
   * Sends what is made, as far as the credits go, and one range at a time: grpc-js copies what is written while nothing waits
   * before it (libs/wire's channel.spec.ts), so the feed may use the memory for the next.
   */
  pump(): void {
    if (this.#feed === null) return;
    while (this.#nextRange < this.#rangeCount) {
      if (!this.#feed.isMade(this.#version, this.#nextRange)) return this.#moved();
      const now = performance.now();
      if (this.#stream === null || this.#credits === 0 || this.#writing || !this.#pace.hasRoom(now)) {
        this.#stall ??= setTimeout(this.#onStall, READER_STALL_MS);
        return;
      }
      this.#write(this.#stream, this.#feed.encoded(this.#version, this.#nextRange));
      this.#nextRange += 1;
      this.#credits -= 1;
      // A version's last range is as long as the others at most.
      this.#pace.sent(now, this.#nextRange < this.#rangeCount);
      this.#moved();
    }
    if (this.#pace.underWay > 0) return;
    this.#received?.();
    this.#received = null;
  }

  #write(stream: ServerWritableStream<ParametersRequestMessage, Buffer>, range: Buffer): void {
    this.#writing = true;
    stream.write(range, (error: Error | null | undefined) => {
      if (error) return;
      this.#writing = false;
      this.pump();
    });
  }

  end(): void {
    this.#moved();
    this.#feed = null;
    this.#stream?.end();
    this.#stream = null;
  }

  /** Nothing waits for the worker any more, or it took something. */
  #moved(): void {
    if (this.#stall) clearTimeout(this.#stall);
    this.#stall = null;
  }
}
