import { status, type ServiceError } from '@grpc/grpc-js';
import type { Role } from '@rocinante/access';
import type { RocinanteError } from '@rocinante/base';
import {
  AccessRefusedError,
  ConnectionLostError,
  CoordinatorError,
  NoCoordinatorError,
  RefusedError,
} from './errors.js';
import { ANSWER_TIMEOUT_MS } from './limits.js';

/** When a call ended: before anything had come of it, or in the middle of its answer. */
export type CallPhase = 'asking' | 'receiving';

/** Statuses with which a coordinator says that what was asked for is wrong; its words say how. */
const REFUSALS: readonly status[] = [status.NOT_FOUND, status.INVALID_ARGUMENT, status.FAILED_PRECONDITION];

/** How a coordinator names the role that a call asks for: one method's, which may be less than a whole command needs. */
const ROLE_OF_CALL = /^expected a token of role reader/;

/**
 * A status as the one line that a person reads, with the exit code that it stands for.
 * @param need the role that the command needs for all that it does.
 */
export function callError(
  error: ServiceError,
  address: string,
  phase: CallPhase,
  need: Role,
): RocinanteError {
  const { code, details } = error;
  const options = { cause: error };
  if (REFUSALS.includes(code)) return new RefusedError(details, options);
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    const told = details.replace(ROLE_OF_CALL, `expected a token of role ${need}`);
    return new AccessRefusedError(address, told, options);
  }
  if (code === status.UNAVAILABLE) {
    return phase === 'asking'
      ? new NoCoordinatorError(address, whyUnavailable(details), options)
      : new ConnectionLostError(address, whyUnavailable(details), options);
  }
  if (code === status.UNIMPLEMENTED) {
    const what = 'it serves no runs; expected ./rocinante serve of this release, received another program';
    return new CoordinatorError(address, what, options);
  }
  if (code === status.DEADLINE_EXCEEDED) {
    return new CoordinatorError(address, `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`, options);
  }
  return new CoordinatorError(address, `${details} (${status[code]})`, options);
}

const TROUBLES: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ECONNRESET|socket hang up/, 'the connection was cut'],
  [/EHOSTUNREACH|ENETUNREACH/, 'there is no way to that host'],
  [/name resolution failed|ENOTFOUND|EAI_AGAIN/i, 'there is no host of that name'],
  [/protocol error|ERR_HTTP2/i, 'what answers there does not speak gRPC'],
];

/** How gRPC tells of the last attempt to connect, with its time and what it knows of the name's resolution. */
const LAST_ERROR = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*\))?\. Resolution note/;

/** gRPC's account of a connection that failed, in a few words. */
function whyUnavailable(details: string): string {
  const known = TROUBLES.find(([pattern]) => pattern.test(details));
  return known?.[1] ?? LAST_ERROR.exec(details)?.[1] ?? details;
}
