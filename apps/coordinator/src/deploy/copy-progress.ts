import { TransferProgress } from '../display/transfer-progress.js';
import type { BundleFile } from './bundle-file.js';

/** How far the copies of one bundle to several hosts are, together. */
export class CopyProgress {
  readonly #bytes: number;
  readonly #display: TransferProgress;
  readonly #there = new Map<string, number>();

  constructor(bundle: BundleFile, hostCount: number) {
    this.#bytes = bundle.bytes;
    const where = hostCount === 1 ? 'one host' : `${hostCount} hosts`;
    this.#display = new TransferProgress(`copying ${bundle.name} to ${where}`, bundle.bytes * hostCount);
  }

  /** @param bytes of the archive that this host has; absent: all, or it needs no more. */
  at(host: string, bytes = this.#bytes): void {
    this.#there.set(host, bytes);
    this.#display.at([...this.#there.values()].reduce((sum, part) => sum + part, 0));
  }

  finished(): void {
    this.#display.finished();
  }
}
