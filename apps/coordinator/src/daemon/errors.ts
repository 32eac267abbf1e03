import { RocinanteError } from '@rocinante/base';

/** Closed list: what can be wrong with a content that comes, or is asked for. */
export type ContentErrorCode =
  | 'CONTENT_NAME'
  | 'CONTENT_TOO_LARGE'
  | 'CONTENT_LENGTH'
  | 'CONTENT_HASH'
  | 'CONTENT_MISSING'
  | 'CONTENT_DISK_FULL'
  | 'CONTENT_NOT_WRITTEN';

/**
 * A content that is not kept, or not there. `code` says why:
 * - `CONTENT_NAME`: it is not named by a SHA-256 in lower-case hexadecimal;
 * - `CONTENT_TOO_LARGE`: more bytes are announced than are taken;
 * - `CONTENT_LENGTH`, `CONTENT_HASH`: what came is not what was announced: cut or changed on the way, or on the sender's disk;
 * - `CONTENT_MISSING`: it was not pushed, or removed since;
 * - `CONTENT_DISK_FULL`, `CONTENT_NOT_WRITTEN`: the disk did not take it. Nothing half-written is left.
 */
export class ContentError extends RocinanteError {
  declare readonly code: ContentErrorCode;

  constructor(code: ContentErrorCode, message: string, options?: ErrorOptions) {
    super(code, code === 'CONTENT_NAME' || code === 'CONTENT_TOO_LARGE' ? 2 : 1, message, options);
  }
}

/** Closed list: what can keep a run from being found, or its record from being kept. */
export type RunStoreErrorCode = 'RUN_NAME' | 'NOT_FOUND' | 'AMBIGUOUS' | 'RUN_DAMAGED' | 'RUN_NOT_WRITTEN';

/**
 * A run that cannot be named or recorded. `code` says why:
 * - `RUN_NAME`: it is longer than a name may be, or a path;
 * - `NOT_FOUND`: no run has this id or name;
 * - `AMBIGUOUS`: several have this name;
 * - `RUN_DAMAGED`: its record cannot be read: changed by hand, or written by another release;
 * - `RUN_NOT_WRITTEN`: the disk did not take its record; the one before is intact.
 */
export class RunStoreError extends RocinanteError {
  declare readonly code: RunStoreErrorCode;

  constructor(code: RunStoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, code === 'RUN_DAMAGED' || code === 'RUN_NOT_WRITTEN' ? 1 : 2, message, options);
  }
}

/** A run is not in a state for what is asked. */
export class WrongStateError extends RocinanteError {
  /**
   * @param expected what it should be: `queued or active`.
   * @param advice what to do about it.
   */
  constructor(run: { readonly id: string; readonly state: string }, expected: string, advice?: string) {
    const then = advice === undefined ? '' : `; ${advice}`;
    super('WRONG_STATE', 2, `run ${run.id} is ${run.state}: expected one that is ${expected}${then}`);
  }
}
