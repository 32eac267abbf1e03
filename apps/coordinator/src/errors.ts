import { isSystemError, RocinanteError, type ErrorCode } from '@rocinante/base';

/** Wrong usage, configuration or input: exit code 2. The message says what was expected, received, and what to do. */
export class UsageError extends RocinanteError {
  constructor(message: string, options?: ErrorOptions) {
    super('USAGE', 2, message, options);
  }
}

/** The run could not go on: exit code 1. */
export class RunFailedError extends RocinanteError {
  constructor(message: string, options?: ErrorOptions, code: ErrorCode = 'RUN_FAILED') {
    super(code, 1, message, options);
  }
}

/** The run has diverged, by a loss that spikes or a number that is not finite: exit code 1, where it does not go back. */
export class DivergedError extends RunFailedError {
  constructor(message: string) {
    super(message, undefined, 'DIVERGED');
  }
}

/** The disk is too full for what is asked: exit code 1. */
export class DiskFullError extends RocinanteError {
  constructor(message: string) {
    super('DISK_FULL', 1, message);
  }
}

/** Whether the world caused an error, so that a person is told of it in one line; any other is ours. */
export function isExpected(error: unknown): error is Error {
  return error instanceof RocinanteError || isSystemError(error);
}
