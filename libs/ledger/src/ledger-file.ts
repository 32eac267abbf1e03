import { closeSync, fdatasync, openSync, truncateSync } from 'node:fs';
import { promisify } from 'node:util';
import type { LedgerEnd } from './ledger-end.js';
import { encodeLine, NO_LINE } from './line.js';
import type { BegunRecord, LedgerRecord } from './record.js';
import { appendWhole } from './whole-append.js';

/** A ledger that grows. Each record is one write, so a killed process leaves at most one cut line, the last. */
export class LedgerFile {
  readonly #file: number;
  #previous: string;

  private constructor(file: number, previous: string) {
    this.#file = file;
    this.#previous = previous;
  }

  /** Begins a ledger; what was there is gone. @throws Node's error where it cannot be written. */
  static begin(path: string, record: BegunRecord): LedgerFile {
    closeSync(openSync(path, 'w', 0o644));
    const file = new LedgerFile(openSync(path, 'a'), NO_LINE);
    file.append(record);
    return file;
  }

  /** Goes on behind a place in a ledger; what was behind it is gone. @throws Node's error where it cannot be written. */
  static goOn(path: string, { bytes, hash }: LedgerEnd): LedgerFile {
    truncateSync(path, bytes);
    return new LedgerFile(openSync(path, 'a'), hash);
  }

  /** Appends a record. @throws Node's error where the disk does not take it; the ledger is as it was, and another may be tried. */
  append(record: LedgerRecord): void {
    const { line, hash } = encodeLine(record, this.#previous);
    appendWhole(this.#file, Buffer.from(`${line}\n`));
    this.#previous = hash;
  }

  /** Returns once what was appended is on the disk, so that no loss of power takes it. */
  async sync(): Promise<void> {
    await promisify(fdatasync)(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
