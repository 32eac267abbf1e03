import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { RunFailedError } from '../errors.js';

/** `flock --nonblock` ends with this code where another process holds the lock. */
const HELD_CODE = 1;

/**
 * A lock that one process holds at a time, on a file that is never deleted.
 *
 * It is the kernel's own (flock) and belongs to the open file. Node cannot take it, so the short-lived `flock` command
 * does, through a descriptor that it shares with this process. The kernel gives the lock back when this process ends,
 * also by `kill -9`: there is no dead holder to recognise, no process number to mistake for another's, and no moment
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
      throw new RunFailedError(`${subject}: ${(error as Error).message}`, { cause: error });
    }
    try {
      flock(descriptor, path, subject);
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid} ${hostname()}\n`);
    } catch (error) {
      closeSync(descriptor);
      if (error instanceof RunFailedError) throw error;
      throw new RunFailedError(`${subject}: ${(error as Error).message}`, { cause: error });
    }
    return new ProcessLock(descriptor);
  }

  /** Lets the next process in. Once is enough, and twice does no harm. */
  release(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

function flock(descriptor: number, path: string, subject: string): void {
  const { status, error, stderr } = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    encoding: 'utf8',
  });
  if (status === 0) return;
  if (status === HELD_CODE) {
    throw new RunFailedError(`${subject}: ${holder(path)} works in it; stop that one first`);
  }
  const missing = error !== undefined && 'code' in error && error.code === 'ENOENT';
  const cause = missing
    ? 'the command flock is missing; install util-linux'
    : (error?.message ?? stderr.trim());
  throw new RunFailedError(`${subject}: ${path} cannot be locked: ${cause}`, { cause: error });
}

function holder(path: string): string {
  const found = /^(\d+) (\S+)\n$/.exec(readFileSync(path, 'utf8'));
  if (found === null) return 'another process';
  return found[2] === hostname() ? `process ${found[1]}` : `process ${found[1]} on ${found[2]}`;
}
