import { oneLine } from './one-line.js';

/** How a command ends when an error reaches it: the exit codes of the command line's contract. */
export type ExitCode = 1 | 2;

/** `SUBJECT_WHAT`: the compiler takes no other style, so that whoever reads codes meets one. */
export type ErrorCode = Uppercase<string>;

/** Characters of an error's line. What a reader shows of its input is much shorter; this holds for what it does not foresee. */
const MESSAGE_LENGTH_MAX = 4_000;

/**
 * An error of the outside world: bad input, a lost connection, a full disk. Errors of our own are assertions.
 *
 * `message` is the one line that a person reads: subject, expected, received, and what to do. Whatever it was made
 * of, it has one line, at most 4,000 characters, and none that commands a terminal.
 * `code` is a closed list for each lib; the wire maps it to a gRPC status.
 * `exitCode` is 2 for wrong usage, configuration or input, and 1 for everything that failed.
 */
export class RocinanteError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;

  constructor(code: ErrorCode, exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(oneLine(message, MESSAGE_LENGTH_MAX), options);
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** A programmer's error. It ends the process: the state of the program is not what its author believed. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`assertion failed: ${message}`);
    this.name = 'AssertionError';
  }
}

/**
 * States what must be true here.
 * @throws {AssertionError} it is not.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The compiler's proof that every case was handled; an assertion where bytes from outside got past their check. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected ${JSON.stringify(value)}`);
}
