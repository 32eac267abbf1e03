import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { RocinanteError } from '@rocinante/base';
import { WireError, type WireErrorCode } from './errors.js';

interface Row {
  readonly status: status;
  /** Whether a worker that gets this status dials again. */
  readonly retry: boolean;
}

/** Errors as gRPC statuses, and what a worker does about each. */
const table: Record<WireErrorCode, Row> = {
  MALFORMED: { status: status.INVALID_ARGUMENT, retry: false },
  MESSAGE_TOO_LARGE: { status: status.OUT_OF_RANGE, retry: false },
  CHECKSUM_MISMATCH: { status: status.DATA_LOSS, retry: true },
  UNKNOWN_SESSION: { status: status.NOT_FOUND, retry: true },
  PROTOCOL_VERSION: { status: status.FAILED_PRECONDITION, retry: false },
  TOO_MANY_SESSIONS: { status: status.RESOURCE_EXHAUSTED, retry: true },
  TIMEOUT: { status: status.DEADLINE_EXCEEDED, retry: true },
  UNKNOWN_CORPUS: { status: status.NOT_FOUND, retry: true },
  ADDRESS_IN_USE: { status: status.UNAVAILABLE, retry: true },
  ADDRESS_UNUSABLE: { status: status.UNAVAILABLE, retry: true },
  CONNECTION_LOST: { status: status.UNAVAILABLE, retry: true },
  NOT_TLS: { status: status.UNAVAILABLE, retry: false },
  EXPECTS_TLS: { status: status.UNAVAILABLE, retry: false },
  // What stands in front of a coordinator may answer for it while it is away.
  SPEAKS_HTTP: { status: status.UNAVAILABLE, retry: true },
  OTHER_AUTHORITY: { status: status.UNAVAILABLE, retry: false },
  OTHER_NAME: { status: status.UNAVAILABLE, retry: false },
  CERTIFICATE_EXPIRED: { status: status.UNAVAILABLE, retry: false },
  BAD_CERTIFICATE: { status: status.UNAUTHENTICATED, retry: false },
  UNAUTHENTICATED: { status: status.UNAUTHENTICATED, retry: false },
  PERMISSION_DENIED: { status: status.PERMISSION_DENIED, retry: false },
};

/** Statuses that end a worker: dialling again would bring the same answer. What cannot be reached may be there later. */
const finalStatuses = new Set(
  Object.values(table)
    .filter((row) => !row.retry && row.status !== status.UNAVAILABLE)
    .map((row) => row.status),
);

/** Who one is not taken for: an operator of the coordinator mends it, perhaps while a worker waits. */
const accessCodes: ReadonlySet<unknown> = new Set<WireErrorCode | status>([
  'NOT_TLS',
  'EXPECTS_TLS',
  'OTHER_AUTHORITY',
  'OTHER_NAME',
  'CERTIFICATE_EXPIRED',
  'BAD_CERTIFICATE',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
]);

/** Whether an error, ours or the other side's status, is about tokens or certificates. */
export function isAboutAccess(error: unknown): boolean {
  return accessCodes.has((error as { readonly code?: unknown }).code);
}

/** What operators are told with a status of its own, by the error's code; the rest follows from its exit code. */
const operatorStatuses: Readonly<Record<string, status>> = {
  NOT_FOUND: status.NOT_FOUND,
  CONTENT_MISSING: status.NOT_FOUND,
  WRONG_STATE: status.FAILED_PRECONDITION,
  RUN_DAMAGED: status.FAILED_PRECONDITION,
  CONTENT_LENGTH: status.DATA_LOSS,
  CONTENT_HASH: status.DATA_LOSS,
  CONTENT_DISK_FULL: status.RESOURCE_EXHAUSTED,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
};

/** Characters of a status's details, at most. */
const DETAILS_LENGTH_MAX = 2_000;

/**
 * The status with which a call ends for an error; one that is not foreseen is INTERNAL.
 *
 * grpc-js encodes the details as a URI, which throws where half of a surrogate pair stands in them, as what a client
 * said and somebody cut may have it: that would end the process.
 */
export function statusOf(error: unknown): Partial<StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  const details = message.slice(0, DETAILS_LENGTH_MAX).replace(/[\ud800-\udfff]/gu, '\ufffd');
  return { code: codeOf(error), details, metadata: new Metadata() };
}

function codeOf(error: unknown): status {
  if (error instanceof WireError) return table[error.code].status;
  if (!(error instanceof RocinanteError)) return status.INTERNAL;
  return operatorStatuses[error.code] ?? (error.exitCode === 2 ? status.INVALID_ARGUMENT : status.INTERNAL);
}

/** Whether a session that ended with this error, the other side's status or our own finding, may be tried again. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof WireError) return table[error.code].retry;
  const { code } = error as Partial<ServiceError>;
  return typeof code === 'number' && !finalStatuses.has(code);
}
