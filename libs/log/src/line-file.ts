import { appendFileSync, closeSync, fstatSync, openSync } from 'node:fs';

export interface LineFileOptions {
  /** The file's size, at most; one last line says that what follows is not kept. */
  readonly bytesMax: number;
  /** Told once where the file cannot be written any more, such as on a full disk; what follows is not kept. */
  readonly onFailure: (error: Error) => void;
}

/** A log's lines in a file, appended as they come. */
export class LineFile {
  readonly #file: number;
  readonly #options: LineFileOptions;
  #bytes: number;
  #over = false;

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
    let text = `${line}\n`;
    if (this.#bytes + Buffer.byteLength(text) > bytesMax) {
      this.#over = true;
      const msg = `this log has its ${bytesMax} bytes: what follows is not kept`;
      text = `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg })}\n`;
    }
    try {
      // Whole, or with an error: a nearly full disk takes the first part of a line without one.
      appendFileSync(this.#file, text);
      this.#bytes += Buffer.byteLength(text);
    } catch (error) {
      this.#over = true;
      onFailure(error as Error);
    }
  }

  close(): void {
    this.#over = true;
    closeSync(this.#file);
  }
}
