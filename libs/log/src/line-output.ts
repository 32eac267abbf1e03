import { writeSync } from 'node:fs';
import { prettyFormat } from './pretty-format.js';

/** Text that waits for a reader who stands still, at most; what comes then is dropped, and counted. */
export const WAITING_BYTES_MAX = 1 << 20;

/** How often a reader who stands still is tried again. */
const RETRY_MS = 50;

/** As a process ends, so long is waited for a reader to take the last lines. */
const LAST_LINES_MS = 1_000;

/**
 * A log's way out: an open file that may be full, or a pipe whose reader may stand still or be gone. None of that stops or ends
 * the process: a line is written before the call returns where there is room for it, waits where the reader takes none, and is
 * dropped where it cannot be written. Once lines go out again, one of them says how many were lost, and why.
 */
export class LineOutput {
  readonly #fd: number;
  readonly #shown: (line: string) => string;
  #waiting: Buffer = Buffer.alloc(0);
  #lost = 0;
  #why = '';
  /** Whether the reader is tried again by and by. */
  #retries = false;
  /** Whether a line was dropped after its beginning was written. */
  #torn = false;

  /**
   * @param fd a pipe's must not block (O_NONBLOCK).
   * @param shown how the line about lost ones, JSON without its end, is written; with its end.
   */
  constructor(fd: number, shown: (line: string) => string = (line) => `${line}\n`) {
    this.#fd = fd;
    this.#shown = shown;
  }

  /** @param text whole lines. */
  write(text: string): void {
    this.#flush();
    if (this.#waiting.length === 0 && this.#lost > 0 && !this.#tell()) return this.#drop(text, this.#why);
    // Also behind the line that tells, where only its beginning was taken.
    if (this.#waiting.length > 0) this.#wait(Buffer.from(text));
    else this.#put(text);
  }

  /** Lines that wait are written, as far as they are taken within a second: for the end of the process. */
  finish(): void {
    const until = performance.now() + LAST_LINES_MS;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (this.#flush(); this.#waiting.length > 0 && performance.now() < until; this.#flush()) {
      Atomics.wait(sleeper, 0, 0, 10);
    }
    if (this.#waiting.length === 0 && this.#lost > 0) this.#tell();
  }

  /** Says what was lost. @returns whether that could be written. */
  #tell(): boolean {
    const msg = `${this.#lost} lines of this log were lost: ${this.#why}`;
    const line = this.#shown(JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg }));
    const before = this.#lost;
    this.#put(line);
    if (this.#lost > before) {
      this.#lost = before;
      return false;
    }
    this.#lost = 0;
    return true;
  }

  #put(text: string): void {
    const torn = this.#torn;
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    const rest = this.#written(bytes);
    if (typeof rest === 'string') this.#drop(text, rest);
    else if (rest.length > 0 && !this.#wait(rest)) this.#torn = torn || rest.length < bytes.length;
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    const rest = this.#written(this.#waiting);
    if (typeof rest === 'string') this.#drop(this.#waiting.toString(), rest);
    this.#waiting = typeof rest === 'string' ? Buffer.alloc(0) : rest;
  }

  /** @returns what was not taken; or in words why it cannot be written. */
  #written(bytes: Buffer): Buffer | string {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') {
        this.#torn ||= rest.length < bytes.length;
        return `they could not be written (${code})`;
      }
    }
    this.#torn = false;
    return rest;
  }

  /** @returns whether there was room for it. */
  #wait(more: Buffer): boolean {
    if (this.#waiting.length + more.length > WAITING_BYTES_MAX) {
      this.#drop(more.toString(), 'their reader stood still');
      return false;
    }
    this.#waiting = Buffer.concat([this.#waiting, more]);
    this.#retrySoon();
    return true;
  }

  #retrySoon(): void {
    if (this.#retries) return;
    this.#retries = true;
    setTimeout(() => {
      this.#retries = false;
      this.#flush();
      if (this.#waiting.length > 0) this.#retrySoon();
      else if (this.#lost > 0) this.#tell();
    }, RETRY_MS).unref();
  }

  #drop(text: string, why: string): void {
    this.#lost += text.split('\n').length - 1 || 1;
    this.#why = why;
  }
}

let standardError: LineOutput | null = null;

/** Standard error, for all logs of this process: what waits as it ends is written then. */
export function standardErrorOutput(): LineOutput {
  if (standardError) return standardError;
  // Node makes a pipe or socket non-blocking as it opens this stream.
  void process.stderr;
  const output = (standardError = new LineOutput(2, process.stderr.isTTY ? prettyFormat() : undefined));
  process.on('exit', () => output.finish());
  return output;
}
