/**
 * Why a connection was dropped, or a request refused:
 * - `MALFORMED`, `MESSAGE_TOO_LARGE`, `TIMEOUT`: it is no HTTP, has too long a head or path, or does not come to its end;
 * - `TOO_MANY_CONNECTIONS`: there are CONNECTIONS_MAX, or too many of strangers;
 * - `NOT_TLS`, `BAD_CERTIFICATE`: its handshake came to nothing;
 * - `UNAUTHENTICATED`, `PERMISSION_DENIED`: nobody known asks, or not one who may;
 * - `FOREIGN_HOST`: the server does not go by the name that is asked.
 */
export type HttpRefusalCode =
  | 'MALFORMED'
  | 'MESSAGE_TOO_LARGE'
  | 'TIMEOUT'
  | 'TOO_MANY_CONNECTIONS'
  | 'NOT_TLS'
  | 'BAD_CERTIFICATE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'FOREIGN_HOST';
