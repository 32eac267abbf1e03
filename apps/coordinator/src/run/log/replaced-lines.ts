import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { PARTIAL_SUFFIX } from '@rocinante/weights';

/** Characters that are held before they are written. */
const HELD_LENGTH_MAX = 1 << 18;

/** A file of lines that replaces another, or none: written beside, a piece at a time, and renamed. */
export class ReplacedLines {
  readonly #path: string;
  readonly #file: FileHandle;
  #held = '';

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws Node's error where it cannot be made; so do the other calls where it cannot be written. */
  static async begin(path: string): Promise<ReplacedLines> {
    return new ReplacedLines(path, await open(path + PARTIAL_SUFFIX, 'w'));
  }

  async add(line: string): Promise<void> {
    this.#held += `${line}\n`;
    if (this.#held.length >= HELD_LENGTH_MAX) await this.#write();
  }

  /** Puts it in the place of what was there. */
  async replace(): Promise<void> {
    await this.#write();
    await this.#file.close();
    await rename(this.#path + PARTIAL_SUFFIX, this.#path);
  }

  /** Leaves what was there; after `replace` it changes nothing. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#path + PARTIAL_SUFFIX, { force: true });
  }

  async #write(): Promise<void> {
    const held = this.#held;
    this.#held = '';
    await this.#file.appendFile(held);
  }
}
