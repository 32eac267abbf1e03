/** Why a checkpoint was not saved or not read, as it goes from thread to thread: a copy of an error loses its class and its fields. */
import { isSystemError } from '@rocinante/base';
import {
  CheckpointWriteError,
  DamagedCheckpointError,
  NoGoodCheckpointError,
  NonFiniteCheckpointError,
  UnreadableCheckpointError,
  type PassedOver,
} from '@rocinante/checkpoint';

/** An error of Node, such as of a full disk. */
interface SystemFailure {
  readonly message: string;
  readonly code?: string | undefined;
  readonly errno?: number | undefined;
  readonly syscall?: string | undefined;
  readonly path?: string | undefined;
}

export type CheckpointFailure =
  | { readonly type: 'not-written'; readonly path: string; readonly cause: SystemFailure }
  | { readonly type: 'not-finite'; readonly step: number; readonly subject: string }
  | { readonly type: 'damaged' | 'unreadable'; readonly subject: string; readonly reason: string }
  | { readonly type: 'none-good'; readonly place: string; readonly passedOver: readonly PassedOver[] }
  | { readonly type: 'system'; readonly cause: SystemFailure };

/**
 * What is sent in an error's place.
 * @throws the error itself, where it is a programmer's.
 */
export function failureOf(error: unknown): CheckpointFailure {
  if (error instanceof NonFiniteCheckpointError) {
    const { step, subject } = error;
    return { type: 'not-finite', step, subject };
  }
  if (error instanceof CheckpointWriteError) {
    return { type: 'not-written', path: error.path, cause: systemFailure(error.cause as Error) };
  }
  if (error instanceof DamagedCheckpointError) {
    const { subject, reason } = error;
    return { type: 'damaged', subject, reason };
  }
  if (error instanceof UnreadableCheckpointError) {
    const { subject, reason } = error;
    return { type: 'unreadable', subject, reason };
  }
  if (error instanceof NoGoodCheckpointError) {
    const { place, passedOver } = error;
    return { type: 'none-good', place, passedOver };
  }
  if (isSystemError(error)) return { type: 'system', cause: systemFailure(error) };
  throw error;
}

/** The error that was thrown there: of the same class, with the same message and data. */
export function errorOf(failure: CheckpointFailure): Error {
  switch (failure.type) {
    case 'not-finite':
      return new NonFiniteCheckpointError(failure.step, failure.subject);
    case 'not-written':
      return new CheckpointWriteError(failure.path, systemError(failure.cause));
    case 'damaged':
      return new DamagedCheckpointError(failure.subject, failure.reason);
    case 'unreadable':
      return new UnreadableCheckpointError(failure.subject, failure.reason);
    case 'none-good':
      return new NoGoodCheckpointError(failure.place, failure.passedOver);
    case 'system':
      return systemError(failure.cause);
  }
}

function systemFailure({ message, code, errno, syscall, path }: NodeJS.ErrnoException): SystemFailure {
  return { message, code, errno, syscall, path };
}

function systemError({ message, ...fields }: SystemFailure): Error {
  return Object.assign(new Error(message), fields);
}
