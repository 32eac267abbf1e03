/** What a server of ours says of a TLS handshake that came to nothing, whatever it serves over TLS. */

/**
 * - `NOT_TLS`: what came is no TLS, such as a request in plain.
 * - `BAD_CERTIFICATE`: the other side does not take our certificate, and says so.
 * - `TIMEOUT`: it did not end in time.
 * - `MALFORMED`: anything else that is not as TLS 1.3 has it.
 */
export type HandshakeRefusalCode = 'NOT_TLS' | 'BAD_CERTIFICATE' | 'TIMEOUT' | 'MALFORMED';

export interface HandshakeRefusal {
  readonly code: HandshakeRefusalCode;
  /** A sentence about the other side, without its name: `it speaks in plain …`. */
  readonly what: string;
}

/** OpenSSL's reasons for bytes that are no record of TLS. */
const PLAIN =
  /HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE/;

/** The alerts with which a client says that it does not take a server's certificate. */
const REFUSED_OURS = /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE)/;

/**
 * Why a handshake failed, by the error of `tlsClientError`.
 * @returns null where the other side went away by itself, which is no matter.
 */
export function handshakeRefusal(error: NodeJS.ErrnoException): HandshakeRefusal | null {
  const { code = '' } = error;
  if (code === 'ECONNRESET' || code === 'EPIPE') return null;
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') {
    return { code: 'TIMEOUT', what: 'its TLS handshake did not end in time' };
  }
  if (PLAIN.test(code)) return { code: 'NOT_TLS', what: 'it speaks in plain, where TLS is expected' };
  const words = 'reason' in error ? String(error.reason) : error.message;
  if (REFUSED_OURS.test(code)) {
    return { code: 'BAD_CERTIFICATE', what: `it does not take this server's certificate: ${words}` };
  }
  return { code: 'MALFORMED', what: `it does not keep to TLS: ${words}` };
}
