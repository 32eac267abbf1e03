import { RocinanteError } from '@rocinante/base';

/**
 * - `MALFORMED`: a message lacks a field, or has one out of bounds. Cause: another program, or a damaged peer.
 * - `CHECKSUM_MISMATCH`: bytes are not those that were sent. Cause: a damaged link or memory.
 * - `UNKNOWN_SESSION`: a stream names a session that is over or never was. Cause: a reconnection that crossed.
 * - `PROTOCOL_VERSION`: the two sides share no version. Cause: releases too far apart.
 * - `TOO_MANY_SESSIONS`: the coordinator holds its limit.
 * - `TIMEOUT`: a peer said nothing for as long as a named limit allows.
 * - `UNKNOWN_CORPUS`: the corpus asked for is not the run's.
 * - `ADDRESS_IN_USE`: the address to listen at is taken, or is not this machine's.
 * - `CONNECTION_LOST`: the other side went away.
 */
export type WireErrorCode =
  | 'MALFORMED'
  | 'CHECKSUM_MISMATCH'
  | 'UNKNOWN_SESSION'
  | 'PROTOCOL_VERSION'
  | 'TOO_MANY_SESSIONS'
  | 'TIMEOUT'
  | 'UNKNOWN_CORPUS'
  | 'ADDRESS_IN_USE'
  | 'CONNECTION_LOST';

export class WireError extends RocinanteError {
  declare readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(code, 1, message, options);
  }
}
