import { appendFileSync, closeSync, fstatSync, openSync } from 'node:fs';

export interface LineFileOptions {
  /** The file's size, at most; one last line says that what follows is not kept. */
  readonly bytesMax: number;
  /** Told once where lines cannot be written, such as on a full disk; the next ones are tried again. */
  readonly onFailure: (error: Error) => void;
}

/** A log's lines in a file, appended as they come. */
export class LineFile {
  readonly #file: number;
  readonly #options: LineFileOptions;
  #bytes: number;
  #over = false;
  #failed = false;
  /** Whether a line's first part was written alone. */
  #torn = false;

  /**
   * Opens the file, and makes it where there is none (mode 0600).
   * @throws {Error} the operating system's refusal.
   */
  constructor(path: string, options: LineFileOptions) {
    this.#file = openSync(path, 'a', 0o600);
    this.#options = options;
    this.#bytes = fstatSync(this.#file).size;
  }

  /** @param line without its end. */
  append(line: string): void {
    if (this.#over) return;
    const { bytesMax, onFailure } = this.#options;
    // A line that begins anew, behind one that a full disk took the first part of.
    let text = `${this.#torn ? '\n' : ''}${line}\n`;
    if (this.#bytes + Buffer.byteLength(text) > bytesMax) {
      this.#over = true;
      const msg = `this log has its ${bytesMax} bytes: what follows is not kept`;
      text = `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg })}\n`;
    }
    try {
      // Whole, or with an error: a nearly full disk takes the first part of a line without one.
      appendFileSync(this.#file, text);
      this.#bytes += Buffer.byteLength(text);
      this.#torn = false;
    } catch (error) {
      this.#look();
      if (!this.#failed) onFailure(error as Error);
      this.#failed = true;
    }
  }

  /** Sees whether a part of a line was written. */
  #look(): void {
    try {
      const { size } = fstatSync(this.#file);
      this.#torn ||= size > this.#bytes;
      this.#bytes = size;
    } catch {
      // A file system that is gone says nothing: the next line tells.
    }
  }

  close(): void {
    this.#over = true;
    closeSync(this.#file);
  }
}
