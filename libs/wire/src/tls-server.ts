import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { TlsMaterial } from '@rocinante/access';
import { HELLO_TIMEOUT_MS } from './limits.js';

/**
 * A server's side of TLS 1.3, whose certificate can be replaced while it serves. Where there is an authority, clients are asked
 * for a certificate of it; `client-certificates.ts` refuses those who have none.
 */
export class TlsServerCredentials extends ServerCredentials {
  constructor(material: TlsMaterial) {
    super(
      {
        requestCert: material.ca !== null,
        // Refused by name, in client-certificates.ts: Node would close the connection without a word.
        rejectUnauthorized: false,
        handshakeTimeout: HELLO_TIMEOUT_MS,
      },
      contextOf(material),
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  /** For connections that come from now on; those that are open go on. */
  replace(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOf(material));
  }
}

function contextOf({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return {
    cert,
    key,
    ca: ca ?? undefined,
    minVersion: 'TLSv1.3',
    // A session that is resumed brings no certificate, and Node takes it for one that has shown one.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
