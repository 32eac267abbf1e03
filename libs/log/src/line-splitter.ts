/** A line of a process's output is shown to so many characters; what follows up to its end is dropped. */
const LINE_LENGTH_MAX = 16_384;

/** Text that comes in pieces, as lines. It holds one line at most, and of that no more than its limit. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #lengthMax: number;
  #rest = '';

  /** @param onLine is given each line without its end, but for empty ones. */
  constructor(onLine: (line: string) => void, lengthMax = LINE_LENGTH_MAX) {
    this.#onLine = onLine;
    this.#lengthMax = lengthMax;
  }

  readonly take = (text: string): void => {
    const lines = text.split('\n');
    const last = lines.pop()!;
    for (const line of lines) this.#put(this.#joined(line));
    this.#rest = this.#joined(last);
  };

  /** No more comes: what there is of a last line is one. */
  end(): void {
    this.#put(this.#rest);
  }

  #joined(more: string): string {
    const room = this.#lengthMax - this.#rest.length;
    return room > 0 ? this.#rest + more.slice(0, room) : this.#rest;
  }

  #put(line: string): void {
    this.#rest = '';
    if (line.trim() !== '') this.#onLine(line);
  }
}
