import { isIP, type Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { oneLine, parseAddress, quoted } from '@rocinante/base';
import { WireError } from './errors.js';
import { OTHER_PORT } from './other-port.js';
import { CONNECT_TIMEOUT_MS } from './limits.js';

/** What a connection over TLS needs. */
export interface TlsClientSettings {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly serverName?: string;
}

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * A channel over TLS 1.3. grpc-js's own would do the same, but for two things: it gives an IP address to TLS as a name, which
 * Node warns of on standard error, and it keeps of a failure only OpenSSL's words, which name neither what was expected nor
 * what was received.
 * @see tls.spec.ts fails when an upgrade of grpc-js makes this void.
 */
export class TlsChannelCredentials extends ChannelCredentials {
  /** Why the last attempt to connect failed; null where it did not, or not for TLS. */
  trouble: WireError | null = null;
  readonly #name: string;
  readonly #context: SecureContext;

  /** @param address `host:port` */
  constructor(address: string, { ca, cert, key, serverName }: TlsClientSettings) {
    super();
    const host = parseAddress(address)?.host ?? address;
    this.#name = serverName ?? host.replace(/^\[(.*)\]$/, '$1');
    this.#context = createSecureContext({ ca, cert, key, minVersion: 'TLSv1.3' });
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): SecureConnector {
    return {
      connect: async (socket) => {
        this.trouble = null;
        try {
          return { socket: await this.#secure(socket), secure: true };
        } catch (error) {
          if (error instanceof WireError) this.trouble = error;
          throw error;
        }
      },
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy: () => undefined,
    };
  }

  /** @throws {WireError} why there is no connection that may be used. */
  #secure(socket: Socket): Promise<TLSSocket> {
    const name = this.#name;
    return new Promise((resolve, reject) => {
      const secured = connect({
        socket,
        host: name,
        servername: isIP(name) ? undefined : name,
        secureContext: this.#context,
        ALPNProtocols: ['h2'],
        // Node's verdict is looked at below, before anything is sent, while the certificate is there to be named.
        rejectUnauthorized: false,
      });
      const timer = setTimeout(() => {
        secured.destroy(
          new WireError('TIMEOUT', `its TLS handshake did not end within ${CONNECT_TIMEOUT_MS} ms`),
        );
      }, CONNECT_TIMEOUT_MS);
      secured.once('secureConnect', () => {
        clearTimeout(timer);
        const refusal = certificateRefusal(secured, name);
        if (refusal === null) return resolve(secured);
        reject(refusal);
        secured.destroy();
      });
      secured.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(handshakeTrouble(error));
      });
      secured.once('close', () => {
        clearTimeout(timer);
        reject(new WireError('CONNECTION_LOST', 'it closed the connection in the TLS handshake'));
      });
    });
  }
}

/** Why a server's certificate is not believed; null where it is. */
function certificateRefusal(socket: TLSSocket, name: string): WireError | null {
  if (socket.authorized) return null;
  const certificate = socket.getPeerCertificate();
  // Types say Error; it is the code's text.
  const code = String(socket.authorizationError);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new WireError(
      'OTHER_NAME',
      `its certificate: expected one for ${name}, received one for ${namesOf(certificate)}`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED') {
    const when = `received one of which a part has expired (its own is valid until ${certificate.valid_to})`;
    return new WireError('CERTIFICATE_EXPIRED', `its certificate: expected one that is valid, ${when}`);
  }
  if (code === 'CERT_NOT_YET_VALID') {
    const when = `received one that begins at ${certificate.valid_from}; is this machine's clock right?`;
    return new WireError('CERTIFICATE_EXPIRED', `its certificate: expected one that is valid, ${when}`);
  }
  const issuer = certificate.issuer?.CN ?? 'nobody that it names';
  return new WireError(
    'OTHER_AUTHORITY',
    `its certificate: expected one of the authority in --tls-ca, received one of ${quoted(issuer)} (${code})`,
  );
}

/** Characters of a certificate's names that a message shows, at most. */
const NAMES_LENGTH_MAX = 300;

/** A certificate's hosts and addresses. */
function namesOf({ subjectaltname = '' }: PeerCertificate): string {
  return oneLine(subjectaltname.replace(/\b(DNS|IP Address):/g, ''), NAMES_LENGTH_MAX) || 'no name';
}

/** Why a handshake failed, from OpenSSL's words. */
function handshakeTrouble(error: NodeJS.ErrnoException): Error {
  if (error instanceof WireError) return error;
  const { code = '', message } = error;
  if (/WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH|BAD_RECORD_TYPE|RECORD_LAYER_FAILURE/.test(code)) {
    return new WireError(
      'NOT_TLS',
      'expected TLS, received something in plain; it was started without --tls-cert',
    );
  }
  if (code === 'ERR_SSL_NO_APPLICATION_PROTOCOL' || /ALERT_NO_APPLICATION_PROTOCOL/.test(code)) {
    return new WireError('NOT_TLS', `expected gRPC over TLS, received TLS without HTTP/2: ${OTHER_PORT}`);
  }
  if (/ALERT/.test(code)) {
    return new WireError(
      'BAD_CERTIFICATE',
      `it refused the TLS handshake: ${String((error as { reason?: string }).reason ?? message)}`,
    );
  }
  return error;
}
