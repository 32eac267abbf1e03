import type { ServerWritableStream } from '@grpc/grpc-js';
import { RocinanteError } from '@rocinante/base';
import { statusOf, WireError } from '@rocinante/wire';
import { isExpected } from '../errors.js';
import { READER_STALL_MS, roomIn } from '../service/stream-room.js';

/** Messages that wait for a reader who is slow; one that is slower is cut off. */
export const WAITING_MAX = 16_384;

/**
 * A stream down to one operator. grpc-js buffers without bound what a client does not read, so nothing is written while it
 * asks to wait: `send` waits, and what is queued meanwhile is bounded.
 */
export class Outlet<Message> {
  readonly #call: ServerWritableStream<unknown, Message>;
  readonly #stallMs: number;
  readonly #waiting: Message[] = [];
  #ended = false;
  #failure: WireError | null = null;
  /** Tells `drained` that there is something to do. */
  #wake: () => void = () => {};

  /** @param stallMs how long a reader may take nothing. */
  constructor(call: ServerWritableStream<unknown, Message>, stallMs = READER_STALL_MS) {
    this.#call = call;
    this.#stallMs = stallMs;
    call.on('cancelled', () => this.end());
  }

  /**
   * Ends the call when the work is done, with its error where it throws one.
   * @returns that error, where it is one of the closed lists; else null.
   * @throws a programmer's error.
   */
  async serve(work: (outlet: this) => Promise<void>): Promise<RocinanteError | null> {
    try {
      await work(this);
      this.#call.end();
      return null;
    } catch (error) {
      this.#call.emit('error', statusOf(error));
      if (!isExpected(error)) throw error;
      return error instanceof RocinanteError ? error : null;
    }
  }

  /** Whether the reader is gone. */
  get isGone(): boolean {
    return this.#call.cancelled || this.#call.destroyed;
  }

  /**
   * Writes, and waits until the reader has room for more. Nothing is written to one who is gone.
   * @throws {WireError} TIMEOUT: the reader takes nothing.
   */
  async send(message: Message): Promise<void> {
    if (this.isGone || this.#call.write(message)) return;
    await roomIn(this.#call, this.#stallMs);
  }

  /** Keeps a message to be written once `drained` is awaited, in order. */
  queue(message: Message): void {
    if (this.#ended || this.#failure) return;
    if (this.#waiting.length < WAITING_MAX) {
      this.#waiting.push(message);
    } else {
      this.#failure = new WireError('TIMEOUT', `${WAITING_MAX} messages wait: this reader is too slow`);
      this.#waiting.length = 0;
    }
    this.#wake();
  }

  /** No more comes; what is queued is still written. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * Writes what is queued, and what will be, until `end`.
   * @throws {WireError} TIMEOUT: the reader is too slow, or takes nothing.
   */
  async drained(): Promise<void> {
    while (!this.isGone) {
      if (this.#failure) throw this.#failure;
      const next = this.#waiting.shift();
      if (next !== undefined) await this.send(next);
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
