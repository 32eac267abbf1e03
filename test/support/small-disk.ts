import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Why this process can mount nothing; null where it can. */
export const whyNoSmallDisk: string | null =
  process.getuid?.() === 0 ? null : 'only root can mount a small disk';

/** A disk of its own in memory, so that a test can fill it. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  /** @param path a folder that is made. */
  constructor(path: string, megabytes: number) {
    this.path = path;
    this.#filler = join(path, 'filler');
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'rocinante-test', path]);
  }

  in(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Takes all room but so many bytes. */
  fill(leftBytes: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    try {
      appendFileSync(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
    } catch (error) {
      // Others write at the same time: there is less room than they left a moment ago.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Takes all room but so many bytes, and what becomes free, until something has come about. */
  async fillUntil<Result>(leftBytes: number, event: Promise<Result>): Promise<Result> {
    this.fill(leftBytes);
    const timer = setInterval(() => this.fill(leftBytes), 20);
    try {
      return await event;
    } finally {
      clearInterval(timer);
    }
  }

  /** Gives back what `fill` took. */
  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true });
  }
}
