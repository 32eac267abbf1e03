import { performServerHandshake, type Http2SecureServer } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { REFUSAL_LINGER_MS } from './limits.js';
import type { ServerRefusalListener } from './server-refusals.js';

/** Why a client is refused, by what Node finds of its certificate; anything else is another authority's. */
const FINDINGS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'one that has expired',
  CERT_NOT_YET_VALID: 'one that is not valid yet',
  INVALID_PURPOSE: 'one that is not made for clients',
};

/**
 * Lets only clients with a certificate of the server's authority reach the server.
 *
 * Node would close the connection of any other without a word, after the client has taken it for open. Here such a client is
 * answered over HTTP/2, by nothing of the server: each of its calls ends as UNAUTHENTICATED, in words that say what was wrong.
 * @param server one that asks for certificates, and has not listened yet.
 * @param refusalOf tells of a connection's refusal.
 */
export function askForCertificates(
  server: Http2SecureServer,
  refusalOf: (socket: TLSSocket) => ServerRefusalListener,
): void {
  const speak = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    const finding = findingOf(socket);
    if (finding === null) {
      for (const listener of speak) listener.call(server, socket);
      return;
    }
    const line = `expected a client certificate of the coordinator's authority, received ${finding}`;
    refusalOf(socket)('BAD_CERTIFICATE', line);
    answerRefused(socket, line);
  });
}

/** What is wrong with a client's certificate; null where nothing is. */
function findingOf(socket: TLSSocket): string | null {
  const certificate = socket.getPeerCertificate();
  // Without one, Node's verdict of a resumed session is that all is well.
  if (!certificate?.raw || socket.isSessionReused()) return 'none; give --tls-cert and --tls-key';
  if (socket.authorized) return null;
  const issuer = JSON.stringify(certificate.issuer?.CN ?? 'nobody that it names');
  return FINDINGS[String(socket.authorizationError)] ?? `one of ${issuer}`;
}

function answerRefused(socket: TLSSocket, line: string): void {
  socket.on('error', () => undefined);
  if (socket.alpnProtocol !== 'h2') return void socket.destroy();
  const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: 1 } });
  const timer = setTimeout(() => session.destroy(), REFUSAL_LINGER_MS);
  session.on('error', () => undefined);
  session.on('close', () => clearTimeout(timer));
  session.on('stream', (stream) => {
    stream.on('error', () => undefined).resume();
    // What the client asks next, it asks on a connection of its own.
    stream.on('close', () => session.close());
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc+proto',
        'grpc-status': String(status.UNAUTHENTICATED),
        'grpc-message': encodeURI(line),
      },
      { endStream: true },
    );
  });
}
