import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { WireError, type WireErrorCode } from './errors.js';

interface Row {
  readonly status: status;
  /** Whether a worker that gets this status dials again. */
  readonly retry: boolean;
}

/** Errors as gRPC statuses, and what a worker does about each. */
const table: Record<WireErrorCode, Row> = {
  MALFORMED: { status: status.INVALID_ARGUMENT, retry: false },
  CHECKSUM_MISMATCH: { status: status.DATA_LOSS, retry: true },
  UNKNOWN_SESSION: { status: status.NOT_FOUND, retry: true },
  PROTOCOL_VERSION: { status: status.FAILED_PRECONDITION, retry: false },
  TOO_MANY_SESSIONS: { status: status.RESOURCE_EXHAUSTED, retry: true },
  TIMEOUT: { status: status.DEADLINE_EXCEEDED, retry: true },
  UNKNOWN_CORPUS: { status: status.NOT_FOUND, retry: true },
  ADDRESS_IN_USE: { status: status.UNAVAILABLE, retry: true },
  CONNECTION_LOST: { status: status.UNAVAILABLE, retry: true },
};

/** Statuses that end a worker: dialling again would bring the same answer. */
const finalStatuses = new Set(
  Object.values(table)
    .filter((row) => !row.retry)
    .map((row) => row.status),
);

/** The status with which a call ends for an error; anything but a WireError is INTERNAL. */
export function statusOf(error: unknown): Partial<StatusObject> {
  const code = error instanceof WireError ? table[error.code].status : status.INTERNAL;
  const details = error instanceof Error ? error.message : String(error);
  return { code, details, metadata: new Metadata() };
}

/** Whether a session that ended with this error, the other side's status or our own finding, may be tried again. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof WireError) return table[error.code].retry;
  const { code } = error as Partial<ServiceError>;
  return typeof code === 'number' && !finalStatuses.has(code);
}
