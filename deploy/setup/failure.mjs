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

/**
 * Whether this output or error says that a disk is full.
 * @param {string} text a command's output, or an error's message.
 */
export function saysDiskFull(text) {
  return /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|\[Errno (28|122)\]/i.test(text);
}
