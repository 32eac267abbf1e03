import { Readable } from 'node:stream';
import {
  HEARTBEAT_INTERVAL_MS,
  STREAM_BUSY_BYTES,
  STREAM_RETRY_MS,
  STREAM_WAITING_BYTES_MAX,
} from './page-limits.js';

/** One server-sent event. */
export interface PageEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
  /** Where a page that comes back goes on: in one line. Absent for what is true of a moment only. */
  readonly id?: string;
}

/** An event as the stream's text (HTML standard, "Server-sent events"). JSON has no line break, so its data is one line. */
export function eventText({ event, data, id }: PageEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * A stream of server-sent events to one page. What the page does not read waits up to a limit, and then the stream ends; a
 * comment now and then keeps the connection alive, and lets a dead one be noticed.
 */
export class EventStream {
  /** The answer's body. */
  readonly body: Readable;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #onCut: (message: string) => void;
  #over = false;

  /**
   * @param onEnd told once when the stream is over, whoever ended it.
   * @param onCut told before, where that is for a reader that does not read.
   */
  constructor(onEnd: () => void, onCut: (message: string) => void) {
    this.#onCut = onCut;
    this.body = new Readable({ read: () => undefined, highWaterMark: STREAM_WAITING_BYTES_MAX });
    this.#heartbeat = setInterval(() => this.#push(': still here\n\n'), HEARTBEAT_INTERVAL_MS).unref();
    this.body.once('close', () => {
      clearInterval(this.#heartbeat);
      onEnd();
    });
    // The client of a stream goes away when it likes.
    this.body.on('error', () => undefined);
    this.#push(`retry: ${STREAM_RETRY_MS}\n\n`);
  }

  /** Whether nothing can be sent any more. */
  get isOver(): boolean {
    return this.#over || this.body.destroyed;
  }

  /** Whether the page reads more slowly than it is told. */
  get isBusy(): boolean {
    return this.body.readableLength > STREAM_BUSY_BYTES;
  }

  send(event: PageEvent): void {
    this.#push(eventText(event));
  }

  /** Ends the stream; what waits is still sent. */
  end(): void {
    if (this.isOver) return;
    this.#over = true;
    this.body.push(null);
  }

  #push(text: string): void {
    if (this.isOver) return;
    // Far more than this waits only in the opening of a long run, which is bounded by itself.
    if (this.body.readableLength > STREAM_WAITING_BYTES_MAX) return this.cut();
    this.body.push(text);
  }

  /** Ends a stream whose page cannot follow. */
  cut(): void {
    if (this.isOver) return;
    this.#over = true;
    this.#onCut(`a page: ${STREAM_WAITING_BYTES_MAX} bytes wait for it, and it does not read`);
    this.body.destroy();
  }
}
