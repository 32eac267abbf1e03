import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { lockFile, systemTrouble } from '@rocinante/base';
import { RunFailedError } from '../errors.js';

/**
 * A lock that one process holds at a time, on a file that is never deleted.
 *
 * It is the kernel's own (flock) and belongs to the open file. The kernel gives it back when this process ends, also by
 * `kill -9`: there is no dead holder to recognise, no process number to mistake for another's, and no moment
 * between two processes that both found the holder dead.
 */
export class ProcessLock {
  #descriptor: number | null;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Takes the lock.
   * @param path its file, made if missing; it holds the holder's process number and machine, for messages.
   * @param subject what is locked, for messages: `run directory /runs/1`.
   * @throws {RunFailedError} another process holds it, the file cannot be opened, or the machine knows no such lock.
   */
  static take(path: string, subject: string): ProcessLock {
    let descriptor: number;
    try {
      descriptor = openSync(path, 'a+', 0o600);
    } catch (error) {
      throw new RunFailedError(`${subject}: ${systemTrouble(error)}`, { cause: error });
    }
    try {
      lock(descriptor, path, subject);
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid} ${hostname()}\n`);
    } catch (error) {
      closeSync(descriptor);
      if (error instanceof RunFailedError) throw error;
      throw new RunFailedError(`${subject}: ${systemTrouble(error)}`, { cause: error });
    }
    return new ProcessLock(descriptor);
  }

  /** Lets the next process in. Once is enough, and twice does no harm. */
  release(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

function lock(descriptor: number, path: string, subject: string): void {
  const answer = lockFile(descriptor, 0);
  if (answer.outcome === 'held') {
    throw new RunFailedError(`${subject}: ${holder(path)} works in it; stop that one first`);
  }
  if (answer.outcome === 'failed') {
    throw new RunFailedError(`${subject}: ${path} cannot be locked: ${answer.why}`, { cause: answer.cause });
  }
}

function holder(path: string): string {
  const found = /^(\d+) (\S+)\n$/.exec(readFileSync(path, 'utf8'));
  if (found === null) return 'another process';
  return found[2] === hostname() ? `process ${found[1]}` : `process ${found[1]} on ${found[2]}`;
}
