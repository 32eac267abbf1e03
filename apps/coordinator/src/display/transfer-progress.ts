import { bytesShown } from './quantities.js';

/** Without a terminal, a line at most so often. */
const LINE_INTERVAL_MS = 10_000;

/**
 * How far a transfer is, on standard error: one line that is rewritten in a terminal, a line now and then elsewhere.
 * @param what `sending corpus book.txt`
 */
export class TransferProgress {
  readonly #what: string;
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  #nextLineAt = performance.now() + LINE_INTERVAL_MS;
  #isLineOpen = false;

  constructor(what: string, totalBytes: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#what = what;
    this.#total = totalBytes;
    this.#stream = stream;
  }

  at(bytes: number): void {
    const text = `${this.#what}: ${bytesShown(bytes)} of ${bytesShown(this.#total)}`;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r${text}`);
      this.#isLineOpen = true;
    } else if (performance.now() >= this.#nextLineAt) {
      this.#nextLineAt = performance.now() + LINE_INTERVAL_MS;
      this.#stream.write(`${text}\n`);
    }
  }

  /** Ends the line, however the transfer ended. */
  finished(): void {
    if (this.#isLineOpen) this.#stream.write('\n');
  }
}
