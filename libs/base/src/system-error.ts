/**
 * Whether an error is the operating system's refusal of a call, which the world caused: a full disk, a file that is not there, a
 * connection that was cut. `systemTrouble` says it in words.
 */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
