import { RocinanteError } from '@rocinante/base';

/**
 * - `MALFORMED`: a message lacks a field, or has one out of bounds. Cause: another program, or a damaged peer.
 * - `MESSAGE_TOO_LARGE`: a message, or a part of it, is over a limit of `limits`. Cause: another program.
 * - `CHECKSUM_MISMATCH`: bytes are not those that were sent. Cause: a damaged link or memory.
 * - `UNKNOWN_SESSION`: a stream names a session that is over or never was. Cause: a reconnection that crossed.
 * - `PROTOCOL_VERSION`: the two sides share no version. Cause: releases too far apart.
 * - `TOO_MANY_SESSIONS`: the coordinator holds its limit.
 * - `TIMEOUT`: a peer said nothing for as long as a named limit allows.
 * - `UNKNOWN_CORPUS`: the corpus asked for is not the run's.
 * - `ADDRESS_IN_USE`: another process listens at the address.
 * - `ADDRESS_UNUSABLE`: this machine cannot listen at the address. Cause: it is another's, its name is not known, or its port
 *   needs a right that the process lacks.
 * - `CONNECTION_LOST`: the other side went away.
 * - `NOT_TLS`: TLS was expected, and something else came. Cause: a server without a certificate, another program.
 * - `EXPECTS_TLS`: a server was spoken to in plain, and expects TLS. Cause: no `--tls-ca`.
 * - `SPEAKS_HTTP`: gRPC was expected, and HTTP/1 answers. Cause: the port of a coordinator's page, another program.
 * - `OTHER_AUTHORITY`: a server's certificate is not of an authority that is believed. Cause: another `--tls-ca`, another
 *   server, somebody in between.
 * - `OTHER_NAME`: a server's certificate is for other names. Cause: it was made without the name that is dialled.
 * - `CERTIFICATE_EXPIRED`: a server's certificate is not valid now. Cause: it was not renewed; a wrong clock.
 * - `BAD_CERTIFICATE`: a client's certificate is not taken: none, another authority's, expired.
 * - `UNAUTHENTICATED`: a call without a token, or with one that nobody knows. Cause: a token that was taken out of the book.
 * - `PERMISSION_DENIED`: a token whose role is not enough. Cause: the token of another role's file.
 */
export type WireErrorCode =
  | 'MALFORMED'
  | 'MESSAGE_TOO_LARGE'
  | 'CHECKSUM_MISMATCH'
  | 'UNKNOWN_SESSION'
  | 'PROTOCOL_VERSION'
  | 'TOO_MANY_SESSIONS'
  | 'TIMEOUT'
  | 'UNKNOWN_CORPUS'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNUSABLE'
  | 'CONNECTION_LOST'
  | 'NOT_TLS'
  | 'EXPECTS_TLS'
  | 'SPEAKS_HTTP'
  | 'OTHER_AUTHORITY'
  | 'OTHER_NAME'
  | 'CERTIFICATE_EXPIRED'
  | 'BAD_CERTIFICATE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED';

export class WireError extends RocinanteError {
  declare readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(code, 1, message, options);
  }
}
