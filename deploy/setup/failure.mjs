// @ts-check

/** Set-up cannot go on. The message is one line for the person at the terminal; the launcher ends with the exit code. */
export class SetupFailure extends Error {
  /**
   * @param {string} message subject, expected, received, what to do.
   * @param {1 | 2} exitCode 1: the work failed (network, disk, compiler); 2: something must be installed or called differently.
   */
  constructor(message, exitCode) {
    super(message);
    this.name = 'SetupFailure';
    this.exitCode = exitCode;
  }
}

/** The engine for GPUs cannot be had or used: the processor's may do instead. */
export class GpuFailure extends SetupFailure {}

/**
 * A failure as a person is told of it: the operating system's refusals (a full disk, a folder that may not be written) are theirs
 * too, in one line. Anything else passes through.
 * @param {unknown} error
 * @returns {SetupFailure}
 */
export function failureOf(error) {
  if (error instanceof SetupFailure) return error;
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  const { message } = error;
  return new SetupFailure(saysDiskFull(message) ? `no space left on the disk: ${message}` : message, 1);
}

/**
 * Whether this output or error says that a disk is full.
 * @param {string} text a command's output, or an error's message.
 */
export function saysDiskFull(text) {
  return /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|\[Errno (28|122)\]/i.test(text);
}
