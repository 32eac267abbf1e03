export interface LineQueueLimits {
  /** Lines that may wait, and their UTF-8 bytes together. */
  readonly linesMax: number;
  readonly bytesMax: number;
}

/** Lines on their way to somewhere slower than the log. It holds what fits its limits, and counts what does not. */
export class LineQueue {
  readonly #limits: LineQueueLimits;
  #lines: string[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(limits: LineQueueLimits) {
    this.#limits = limits;
  }

  /** Takes a line, or counts it as dropped where there is no room. */
  push(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#lines.length === this.#limits.linesMax || this.#bytes + bytes > this.#limits.bytesMax) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#bytes += bytes;
  }

  /** The oldest lines, as many as fit the limits of one message. One that is longer than a message is dropped. */
  take({ linesMax, bytesMax }: LineQueueLimits): string[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(linesMax, this.#lines.length)) {
      const next = Buffer.byteLength(this.#lines[count]);
      if (bytes + next > bytesMax) break;
      bytes += next;
      count += 1;
    }
    if (count === 0 && this.#lines.length > 0) {
      this.#bytes -= Buffer.byteLength(this.#lines.shift()!);
      this.#dropped += 1;
      return this.take({ linesMax, bytesMax });
    }
    this.#bytes -= bytes;
    return this.#lines.splice(0, count);
  }

  /** How many lines were dropped since this was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#lines = [];
    this.#bytes = 0;
    this.#dropped = 0;
  }
}
